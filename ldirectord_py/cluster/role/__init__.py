"""Where a director learns its role: a file, a named pipe, or whether this machine has the VIP.

A source for each, and `following.py`, which reads the one that the configuration names and tells the director.
What a role changes is not decided here.
"""
