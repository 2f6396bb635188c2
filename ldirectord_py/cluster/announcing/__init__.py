"""VIPs that are announced to routers over BGP while they are served, and withdrawn otherwise.

What is to be announced is decided without I/O (`policy.py`, `announcer.py`); ExaBGP and BIRD are told (`exabgp.py`,
`bird.py`). Sources: RFC 4271 (BGP), RFC 1997 and RFC 8092 (communities), RFC 8326 (graceful shutdown).
"""
