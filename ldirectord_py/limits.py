"""How much a process may do at a time."""

import resource

DRIVERS = 64
"""External programs and the like at a time."""
CLOSING = 256
"""Connections at a time whose check is over, but which the server has not closed yet."""
_MOST_FILES = 1 << 16
_RESERVED = 128  # file descriptors that are not for conversations


def conversations() -> int:
    """Raise the limit of open files as far as makes sense, and return how many conversations fit below it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = min(hard, _MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(soft - _RESERVED - CLOSING, _RESERVED)
