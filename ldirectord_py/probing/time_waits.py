"""How many connections may leave a TIME_WAIT on this machine.

The side that closes a connection first keeps it for a minute (RFC 9293 §3.6.1).  The kernel holds
`tcp_max_tw_buckets` of them, and complains in its log about each that is too many; connection tracking, where it is
loaded, keeps an entry for two minutes, and drops everybody's packets when it is full.
"""

import math
from pathlib import Path

_TIME_WAIT = 60.0
_TRACKED = 120.0
_SHARE_OF_BUCKETS = 0.5
_SHARE_OF_TRACKED = 0.25
_UNKNOWN = 4096
"""What the smallest machines have room for."""


class TimeWaitBudget:
    """Is spent by each connection that we close first, and refilled evenly; never more than a second's worth."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second)
        self._left = per_second
        self._refilled = 0.0

    def spend(self, now: float) -> bool:
        """Return whether there is room for one more at *now* (monotonic seconds), and take it."""
        self._left = min(self._most, self._left + (now - self._refilled) * self._per_second)
        self._refilled = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def per_second(proc: Path = Path("/proc/sys/net")) -> float:
    """Return how many this machine bears each second, by the limits that stand below *proc*."""
    buckets = _limit(proc / "ipv4/tcp_max_tw_buckets", _UNKNOWN) * _SHARE_OF_BUCKETS / _TIME_WAIT
    tracked = _limit(proc / "netfilter/nf_conntrack_max", math.inf) * _SHARE_OF_TRACKED / _TRACKED
    return min(buckets, tracked)


def _limit(path: Path, otherwise: float) -> float:
    """Return the number in *path*, or *otherwise* where there is none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return otherwise
