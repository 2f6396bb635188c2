"""A real server for direct routing or tunnelling: it has the VIPs, and answers no ARP for them.

Source: Documentation/networking/ip-sysctl.rst of the kernel (arp_ignore, arp_announce, rp_filter).
"""
