"""How many guests run beside each other: as many as keep the processors busy, and no more than they bear."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_LEAST_PER_PROCESSOR, _MOST_PER_PROCESSOR = 2, 3
"""Guests mostly wait, and while one waits, another works; but each takes memory, and what comes about in one must not
come too late for all."""
_MEGABYTES = 512
"""What a guest comes to need; it may have twice as much."""
_CALM = 25.0
"""Percent of the last ten seconds in which something waited for a processor, below which one more guest may begin."""
_BOOT_SECONDS = 12.0
"""Until what a guest that has begun takes shows in that figure."""
_PAUSE = 1.0

_PRESSURE = Path("/proc/pressure/cpu")


def pressure() -> float | None:
    """Return for how many percent of the last ten seconds something waited for a processor; None: nobody can say.

    Source: Documentation/accounting/psi.rst of the kernel.
    """
    try:
        some = _PRESSURE.read_text().partition("\n")[0]
        return float(some.split("avg10=")[1].split()[0])
    except (OSError, LookupError, ValueError):
        return None


class Seats:
    """Has two guests for each processor run at any time, and more while the processors have time for them."""

    def __init__(
        self,
        *,
        fixed: int | None = None,
        processors: Sequence[int] = tuple(sorted(os.sched_getaffinity(0))),
        megabytes: int = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20,
        pressure: Callable[[], float | None] = pressure,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Be for *processors* and *megabytes* of memory that are free; or just for *fixed* guests at a time."""
        room = max(1, megabytes // _MEGABYTES)
        self.least = fixed or min(_LEAST_PER_PROCESSOR * len(processors), room)
        self.most = fixed or min(_MOST_PER_PROCESSOR * len(processors), room)
        self._pressure, self._clock = pressure, clock
        self._taken = dict.fromkeys(processors, 0)
        self._last = -_BOOT_SECONDS
        self._change = threading.Condition()

    @contextmanager
    def seat(self) -> Iterator[int]:
        """Wait for a seat and hold it while the block runs; yield its processor, one with the fewest guests."""
        with self._change:
            while not self.free():
                self._change.wait(_PAUSE)
            processor = min(self._taken, key=self._taken.__getitem__)
            self._taken[processor] += 1
            self._last = self._clock()
        try:
            yield processor
        finally:
            with self._change:
                self._taken[processor] -= 1
                self._change.notify_all()

    def free(self) -> bool:
        """Return whether another guest may begin now."""
        taken = sum(self._taken.values())
        if taken < self.least:
            return True
        if taken >= self.most or self._clock() - self._last < _BOOT_SECONDS:
            return False
        waited = self._pressure()
        return waited is not None and waited < _CALM
