"""The words for roles: ours, and those of the cluster managers that write them."""

import shlex

from ldirectord_py.model.cluster.role import Role

_ACTIVE = ("active", "master", "primary", "promoted", "master_rx_lower_pri", "master_priority")
_STANDBY = ("standby", "backup", "secondary", "slave", "unpromoted", "fault", "stop", "deleted", "backup_priority")
"""keepalived's FAULT, STOP and DELETED: an instance that cannot have the address, that ends, or that is no more.

It also tells of other things than its state: that the priority has changed, or that it heard of a lower one.
"""
_ROLES = dict.fromkeys(_ACTIVE, Role.ACTIVE) | dict.fromkeys(_STANDBY, Role.STANDBY)
_INSTANCES = ("instance", "group")
"""What a line begins with that keepalived's `notify_fifo` writes: INSTANCE "VI_1" MASTER 100."""
_SHOWN = 40


class UnclearRole(ValueError):
    """What was read says no role; the message says what it says."""


def role_of(text: str) -> Role:
    """Return the role that *text*, a word or a line of keepalived's, says; raise `UnclearRole`."""
    try:
        found = shlex.split(text[:_LONGEST])
    except ValueError:
        found = []
    word = found[0].lower() if len(found) == 1 else ""
    if len(found) in {3, 4} and found[0].lower() in _INSTANCES:
        word = found[2].lower()
    if (role := _ROLES.get(word)) is None:
        shown = ascii(text.strip()[:_SHOWN])
        raise UnclearRole(f"expected active or standby, but got {shown}")
    return role


_LONGEST = 4096
"""Characters that are looked at."""
