"""The places of servers of weight 0 in the hash table of the scheduler mh.

That table is made of the last weight above 0 that each entry had (`last_weight` in `net/netfilter/ipvs/ip_vs_mh.c`), so
that a server that is out keeps its place, and only its own clients are sent to others.  An entry that has been of
weight 0 from its first moment has no place: a director that starts while a server is out would send clients elsewhere
than those that have seen it serve.
"""

from dataclasses import replace

from ldirectord_py.model.table import AddDestination, Change, SetDestination


def steps(change: Change) -> tuple[Change, ...]:
    """Return what is written for *change*: a new entry of weight 0 that is to have a place first gets its weight there.

    Both go to the kernel in one call; in between, less than a millisecond, it may send a new connection there.
    """
    match change:
        case AddDestination(virtual, real, destination) if destination.hashed_weight and not destination.weight:
            entered = replace(destination, weight=destination.hashed_weight)
            return AddDestination(virtual, real, entered), SetDestination(virtual, real, destination)
        case _:
            return (change,)
