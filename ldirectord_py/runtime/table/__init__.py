"""How the kernel's table is made what is wanted: when it is read and written, by whom, and which services are ours.

What is wanted is the engine's to say, how the kernel is spoken to is `ipvs`'s, and what an earlier director left in the
table is seen to once, by `runtime/leftovers.py`.
"""
