"""Two or more directors that take over from each other, and what shows that they do.

`cluster.py` has the scene: directors that can be cut off, killed, stopped and brought back (`node.py`), three real
servers in direct routing, and a client, on one bridge; the directors have a second one to themselves. `traffic.py`
has the client, a program of its own (`client_program.py`) that opens 100 connections a second and holds others open;
it says how long new ones failed and how many of the others broke. `witness.py` sees who holds the virtual address and
who answers ARP for it; `timeline.py` puts all of that in one order.

`fleet.py` has three directors that all serve at once, behind a router, and a client that holds 500 connections
(`held.py`).
"""
