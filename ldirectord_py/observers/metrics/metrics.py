"""Metrics for Prometheus: events are counted as they come, everything else is read at the scrape."""

import time
from collections.abc import Awaitable, Callable, Iterator
from types import MethodType

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from ldirectord_py.model.config import MetricsDetail
from ldirectord_py.model.events import CheckDone, Event
from ldirectord_py.model.snapshot import Snapshot, StatusWord
from ldirectord_py.observers.events.counters import Counters
from ldirectord_py.observers.events.event_table import TABLE
from ldirectord_py.observers.events.server_counters import RealCounters, VirtualCounters
from ldirectord_py.observers.metrics.director_families import Scrape
from ldirectord_py.observers.metrics.exposition import OPENMETRICS, PLAIN
from ldirectord_py.observers.metrics.metric_families import DIRECTOR_FAMILIES, REAL_FAMILIES, VIRTUAL_FAMILIES

TURN = 32
"""So many servers and virtuals are gathered without a pause: at the first scrape they take some 20 µs each."""


class Metrics:
    """Counts events, and shows them together with a snapshot of the director.

    Series of servers that left with a reload are gone at the next scrape.
    """

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        version: str,
        *,
        refresh: Callable[[], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.detail = MetricsDetail.FULL
        self._snapshot = snapshot
        self._refresh = refresh
        self._version = version
        self._counters = Counters(clock, monotonic)
        self._count = {kind: MethodType(row.count, self._counters) for kind, row in TABLE.items()}
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def observe(self, event: Event) -> None:
        """Count *event*."""
        self._count[type(event)](event)

    @property
    def check_done(self) -> Callable[[CheckDone], None]:
        """What counts a check, for whoever has very many to tell of."""
        return self._counters.check_done

    async def prepare(self) -> None:
        """See that the connections in the next snapshot are fresh, if they are to be shown."""
        if self._refresh is not None and self.detail in {MetricsDetail.EXTRA, MetricsDetail.FULL}:
            await self._refresh()

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """Return the whole exposition in one go, and its content type."""
        content_type, pieces = self.pieces(accept)
        return b"".join(pieces), content_type

    def pieces(self, accept: str = "") -> tuple[str, Iterator[bytes]]:
        """Return the content type for a request's `Accept`, and the exposition in pieces.

        Each piece is made when it is asked for, in well under a millisecond, so that the server
        can let others run between two.  Pieces may be empty.
        """
        openmetrics = "application/openmetrics-text" in accept
        return (OPENMETRICS if openmetrics else PLAIN), self._pieces(self._snapshot(), openmetrics=openmetrics)

    def _pieces(self, snapshot: Snapshot, *, openmetrics: bool) -> Iterator[bytes]:
        virtuals: list[VirtualCounters] = []
        reals: list[RealCounters] = []
        for _ in self._gather(snapshot, virtuals, reals):
            yield b""
        detail = self.detail
        for family, of_real in REAL_FAMILIES[detail]:
            yield from family.of(reals, of_real, openmetrics=openmetrics)
        for family, of_virtual in VIRTUAL_FAMILIES[detail]:
            yield from family.of(virtuals, of_virtual, openmetrics=openmetrics)
        scrape = Scrape(self._counters, snapshot, self._version)
        for family, written in DIRECTOR_FAMILIES:
            yield f"{family.header(openmetrics=openmetrics)}{written(family.name, scrape)}".encode()
        # Last, because OpenMetrics ends with a line of its own.
        if openmetrics:
            yield generate_openmetrics(self._registry)  # type: ignore[no-untyped-call]  # the library's has no types
        else:
            yield generate_latest(self._registry)

    def _gather(self, snapshot: Snapshot, virtuals: list[VirtualCounters], reals: list[RealCounters]) -> Iterator[None]:
        """Join *snapshot* with what was counted, with pauses; then forget what it does not know."""
        scrape = self._counters.begin_scrape()
        for status in snapshot.virtuals:
            virtual = self._counters.virtual(status.key)
            virtual.scrape = max(virtual.scrape, scrape)
            virtual.show(status)
            virtuals.append(virtual)
            if not (len(virtuals) + len(reals)) % TURN:
                yield
            words, weight = dict.fromkeys(StatusWord, 0), 0
            for real in status.reals:
                tally = self._counters.show(real, virtual, scrape)
                words[tally.status] += 1
                weight += tally.wanted
                reals.append(tally)
                if not (len(virtuals) + len(reals)) % TURN:
                    yield
            virtual.reals, virtual.weight = words, weight
        yield from self._counters.forget(before=scrape)
