"""When checks are due that are to begin close upon one another, and how they come to their own places afterwards."""

from collections.abc import Iterator, Sequence

from ldirectord_py.model.checks.check_plan import Polled

_FIRST_RATE = 1000
"""First checks begun a second, until every server has been asked once."""


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
