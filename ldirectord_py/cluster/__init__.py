"""How a machine stands in a cluster: its addresses, its devices, and whether it is set up as it has to be.

Rtnetlink is spoken here and nowhere else, through pyroute2, which is imported when something is asked of the kernel.
"""
