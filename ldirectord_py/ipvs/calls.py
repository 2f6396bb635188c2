"""What the kernel was asked over netlink, and how long its answers took."""

import errno
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from ldirectord_py.ipvs.ipvs_commands import IpvsCommand
from ldirectord_py.model.snapshot import NetlinkCalls

T = TypeVar("T")


class Calls:
    """Counts since the process began."""

    def __init__(self) -> None:
        self._results: Counter[tuple[int, int]] = Counter()
        """Messages by command and errno; 0: done."""
        self._count = 0
        self._seconds = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count one exchange with the kernel, which does its work meanwhile."""
        begun = monotonic()
        try:
            yield
        finally:
            self._count += 1
            self._seconds += monotonic() - begun

    def answered(self, bodies: Sequence[bytes], refused: Mapping[int, int]) -> None:
        """Count what became of messages; *refused* has errnos by their places."""
        for place, body in enumerate(bodies):
            self._results[body[0], refused.get(place, 0)] += 1

    def parts(self, parts: Iterator[T], body: bytes) -> Iterator[T]:
        """Yield the *parts* of a dump that *body* asks for, and count it when it has ended."""
        while True:
            with self.timed():
                part = next(parts, None)
            if part is None:
                break
            yield part
        self._results[body[0], 0] += 1

    @property
    def told(self) -> NetlinkCalls:
        """What was counted."""
        results = {
            (
                IpvsCommand(command).name.lower(),
                errno.errorcode.get(number, str(number)).lower() if number else "ok",
            ): count
            for (command, number), count in self._results.items()
        }
        return NetlinkCalls(results, self._count, self._seconds)
