"""Two directors side by side, compared in one run.

Both run on the same processor and ask the same servers at the same time, so that whatever else the machine does falls
on both alike.  Two processes of the same program differ by some percent all the same, from one start to the next, by
how their memory happens to lie: so both are started several times, in turn, and the middle of all starts counts.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from statistics import median
from typing import NamedTuple

from native import Director, quantile

Begin = Callable[[], AbstractContextManager[Director]]
"""Starts a director, which has asked each of its servers once then."""
Start = list[tuple[float, float]]
"""What a check has cost the two in each window, in microseconds of the processor, since they were started."""


class Compared(NamedTuple):
    """What came out of several starts."""

    ratio: float
    """The middle one of the starts' ratios, each of which is the middle one of its windows'."""
    ratios: Sequence[float]
    ours: float
    theirs: float
    """What a check costs each of them, in microseconds."""

    def __str__(self) -> str:
        """Return it for people."""
        low, high = quantile(self.ratios, 0.25), quantile(self.ratios, 0.75)
        return (
            f"{self.ratio:.3f} (of {len(self.ratios)} starts: {min(self.ratios):.3f} to {max(self.ratios):.3f},"
            f" quartiles {low:.3f} and {high:.3f}; {self.ours:.1f} and {self.theirs:.1f} µs a check)"
        )


def cores() -> tuple[int, int]:
    """Return the processor of who is asked and of who measures, and that of the directors."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


@contextmanager
def side_by_side(begin: tuple[Begin, Begin], number: int, settle: float) -> Iterator[tuple[Director, Director]]:
    """Start both, the second one first if *number* is odd, and yield them after *settle* seconds."""
    with ExitStack() as stack:
        both = {which: stack.enter_context(begin[which]()) for which in ((0, 1), (1, 0))[number % 2]}
        time.sleep(settle)
        yield both[0], both[1]


def window(both: tuple[Director, Director], seconds: float) -> tuple[float, float]:
    """Return what a check costs each of the two meanwhile."""
    for each in both:
        each.ask("begin")
    time.sleep(seconds)
    ours, theirs = (each.ask("end")["micros"] for each in both)
    return ours, theirs


def compared(starts: Sequence[Start]) -> Compared:
    """Return what came out of *starts*."""
    ratios = [median(ours / theirs for ours, theirs in start) for start in starts]
    ours, theirs = (median(median(pair[which] for pair in start) for start in starts) for which in (0, 1))
    return Compared(median(ratios), ratios, ours, theirs)
