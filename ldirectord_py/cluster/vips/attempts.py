"""When what failed is tried again, and what comes back again and again."""

from collections.abc import Collection
from dataclasses import dataclass

from ldirectord_py.model.address import IPAddress
from ldirectord_py.system.supervision import Backoff

OFTEN = 3
"""So many times, each within `_QUIET_SECONDS` of the last, it does not end by itself."""
_QUIET_SECONDS = 60.0
LONGEST = 30.0
"""Seconds between two attempts, at most, unless something else is said."""


_CONTESTED = Backoff(1.0, LONGEST)


@dataclass(slots=True)
class _Failing:
    since: float
    failures: int
    due: float


class Attempts:
    """Attempts to bring addresses up; moments are monotonic seconds."""

    def __init__(self) -> None:
        self._failing: dict[IPAddress, _Failing] = {}

    def failed(self, address: IPAddress, now: float, pause: Backoff) -> float:
        """Take note of a failure at *now*, and have a *pause* follow; return for how many seconds it has failed."""
        one = self._failing.setdefault(address, _Failing(now, 0, now))
        one.failures += 1
        one.due = now + pause.after(one.failures)
        return now - one.since

    def contested(self, address: IPAddress, now: float, times: int) -> None:
        """Wait the longer before the next attempt the more *times* somebody else has undone the last one."""
        if times >= OFTEN:
            self._failing[address] = _Failing(now, 0, now + _CONTESTED.after(times - OFTEN + 1))

    def has_failed(self, address: IPAddress) -> bool:
        """Return whether the last attempt failed."""
        return address in self._failing

    def is_due(self, address: IPAddress, now: float) -> bool:
        """Return whether *address* may be tried now."""
        return address not in self._failing or self._failing[address].due <= now

    def next_of(self, addresses: Collection[IPAddress]) -> float | None:
        """Return when the first of *addresses* may be tried; None: none of them waits for that."""
        return min((self._failing[each].due for each in addresses if each in self._failing), default=None)

    def forget(self, address: IPAddress) -> None:
        """Take note that *address* need not be tried any more."""
        self._failing.pop(address, None)

    def hasten(self) -> None:
        """Have everything be tried at once: what was in the way may have changed."""
        for one in self._failing.values():
            one.due, one.failures = one.since, 0


class Recurrence:
    """Counts what somebody else does to addresses again and again."""

    def __init__(self) -> None:
        self._seen: dict[IPAddress, tuple[int, float]] = {}

    def count(self, address: IPAddress, now: float) -> int:
        """Return how often it has happened to *address* by *now*, without a pause in between."""
        times, last = self._seen.get(address, (0, now))
        times = times + 1 if now - last <= _QUIET_SECONDS else 1
        self._seen[address] = (times, now)
        return times

    def lasts(self, address: IPAddress, now: float) -> bool:
        """Return whether it has been told that it does not end; that is told at the `OFTEN`th time."""
        times, last = self._seen.get(address, (0, now))
        return times > OFTEN and now - last <= _QUIET_SECONDS
