"""What the table counts of connections: read when somebody asks, and kept for some seconds."""

import asyncio
import time
from collections.abc import Callable, Mapping

from ldirectord_py.model.errors import TableUnavailable
from ldirectord_py.model.service import VirtualKey
from ldirectord_py.model.table import UNKNOWN_TRAFFIC, Table, Traffic
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.table.reconciler import slices

FRESH_SECONDS = 2.0
"""Counts that are younger are not read again."""
STALE_SECONDS = 10.0
"""Counts that are older are not shown."""


class ConnectionCounts:
    """The counts of the services that are ours; nothing is read while nobody asks."""

    def __init__(self, table: Table, director: Director, clock: Callable[[], float] = time.monotonic) -> None:
        self._table = table
        self._director = director
        self._clock = clock
        self._reading = asyncio.Lock()
        self._read: float | None = None
        self._counts: Mapping[VirtualKey, Traffic] = {}
        self.totals = False
        """Whether the totals of each server are wanted, too."""

    async def refresh(self, at_most: float = FRESH_SECONDS) -> None:
        """See that the counts are no older than *at_most* seconds.

        They are read a slice at a time, between which checks and writes go on.
        A table that cannot be read leaves no counts.
        """
        async with self._reading:  # who comes meanwhile shares what is read
            if self._age() > at_most:
                self._counts, self._read = await self._all(), self._clock()

    def of(self, virtual: VirtualKey) -> Traffic:
        """Return what is counted of *virtual*, as far as it is known."""
        return self._counts.get(virtual, UNKNOWN_TRAFFIC) if self._age() <= STALE_SECONDS else UNKNOWN_TRAFFIC

    def _age(self) -> float:
        return float("inf") if self._read is None else self._clock() - self._read

    async def _all(self) -> Mapping[VirtualKey, Traffic]:
        counts: dict[VirtualKey, Traffic] = {}
        known = self._director.reconciler.known
        for some in slices(list(known), known):
            try:
                counts |= await self._table.traffic(some, totals=self.totals)
            except TableUnavailable:
                return {}
            await asyncio.sleep(0)  # checks first
        return counts
