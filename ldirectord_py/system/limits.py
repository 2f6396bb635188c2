"""How much a process may do at a time: its open files, and what of them is for whom."""

import resource
from dataclasses import dataclass

_MOST_FILES = 1 << 16
_OWN = 32
"""Descriptors of the director itself: the log, the table, epoll sets, listening sockets, locks, workers."""
_OTHERS = 160
"""For clients of the API and the operator's programs, if there are enough; else a quarter of what is left."""
_MOST_CLOSING, _MOST_PROGRAMS, _MOST_CLIENTS, _MOST_HOOKS = 256, 64, 96, 16
_OF_A_PROGRAM = 4
"""Descriptors that one takes while it is being started; afterwards it is two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLimits:
    """What may be under way at a time."""

    files: int
    """Descriptors that the process may have open."""
    conversations: int
    """Checks over the network."""
    closing: int
    """Connections whose check is over, but which the server has not closed yet."""
    drivers: int
    """External programs and the like."""
    clients: int
    """Connections to all that the API is served on."""
    hooks: int
    """Programs of the operator's besides checks."""

    def complaint(self, checks: int) -> str | None:
        """Return what the operator should know if *checks* are to be carried out; None: there is nothing."""
        if self.conversations >= checks:
            return None
        most = f"{self.conversations} of {checks} checks, and {self.drivers} programs,"
        return (
            f"This process may have {self.files} files open, so {most} are under way at a time at most: where many"
            f" servers hang, others are checked late; allow it {_needed(checks)} (LimitNOFILE= in the unit, ulimit -n)"
        )


def limits() -> ProcessLimits:
    """Raise the limit of open files as far as makes sense, and return what fits below it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = min(hard, _MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return divided(soft)


def divided(files: int) -> ProcessLimits:
    """Return what may be under way at a time in a process that may have so many *files* open.

    What each kind may have is its own: clients and programs cannot take the checks' descriptors, nor these theirs.
    """
    left = max(files - _OWN, 0)
    others = min(_OTHERS, left // 4)
    closing = min(_MOST_CLOSING, (left - others) // 4)
    programs = min(_MOST_PROGRAMS, (left - others) // 4 // _OF_A_PROGRAM)
    clients = min(_MOST_CLIENTS, others * 3 // 5)
    return ProcessLimits(
        files=files,
        conversations=max(left - others - closing - programs * _OF_A_PROGRAM, 1),
        closing=max(closing, 1),
        drivers=max(programs, 1),
        clients=max(clients, 1),
        hooks=max(min(_MOST_HOOKS, (others - clients) // _OF_A_PROGRAM), 1),
    )


def _needed(checks: int) -> int:
    return checks + _OWN + _OTHERS + _MOST_CLOSING + _MOST_PROGRAMS * _OF_A_PROGRAM
