"""What is said on a wire about who has an address: frames of ARP and of IPv6's neighbour discovery, asked and told.

`arp.py` and `neighbours.py` make frames and read them, and know no sockets; `owners.py` asks, `announcing.py` tells.
"""
