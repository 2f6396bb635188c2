"""Values about a director among others: its role, and the kernel's sync daemons.

How they are made stands in the rooms `cluster/` and `ipvs/`.
"""
