"""The log: what it says of each event (`lines`), how many lines a server may have, and where they go.

Nothing here decides about balancing, and nobody waits for a disk, a terminal or a log service.
"""
