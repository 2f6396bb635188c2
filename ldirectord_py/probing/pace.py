"""The pace of checks: when first ones are due, how they come to their own places, and whether they keep it up."""

from collections.abc import Callable, Iterator, Sequence

from ldirectord_py.model.checks.check_plan import Polled

_FIRST_RATE = 1000
"""First checks begun a second, until every server has been asked once."""
_GRACE = 5
"""Seconds that a busy machine may be late."""


def spread(fresh: Sequence[Polled], now: float) -> Iterator[tuple[float, Polled]]:
    """Yield when each of the *fresh* plans is due first, from *now* on."""
    seconds = len(fresh) / _FIRST_RATE
    for index, plan in enumerate(fresh):
        yield now + min(seconds, plan.interval) * index / len(fresh), plan


def pauses_back(remaining: float, interval: float) -> list[float]:
    """Return the pauses, none above *interval*, after which a check is in its place again, which is *remaining* away.

    None is below half of the interval either, so that two failures in a row mean two moments.
    """
    if remaining >= interval / 2:
        return [remaining]
    return [(remaining + interval) / 2] * 2


class Progress:
    """Knows whether checks end as often as they should, which a watchdog wants to know.

    Remembers when a check ended last, and how far apart checks are at most; moments are of *clock*.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_end = clock()
        self.slowest = 0.0
        """The longest period of a plan, in seconds."""
        self.least = 0.0
        """Seconds from one check of a plan to the next, at least."""

    @property
    def is_late(self) -> bool:
        """Whether no check has ended for much longer than it should take."""
        return self._clock() - self._last_end >= 2 * (self.slowest + self.least) + _GRACE

    def ended(self, now: float) -> None:
        """Take note that a check has ended."""
        self._last_end = now

    def begin(self) -> None:
        """Count from now on: there was nothing to be checked."""
        self._last_end = self._clock()

    def expect(self, slowest: float, least: float) -> None:
        """Have checks be as far apart as these say; if that is nearer than before, count from now on."""
        if slowest + least < self.slowest + self.least:
            self.begin()
        self.slowest, self.least = slowest, least
