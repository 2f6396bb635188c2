"""Metrics for Prometheus: events are counted as they come, everything else is read at the scrape."""

import platform
import time
from collections.abc import Awaitable, Callable, Iterator
from types import MethodType

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.config import MetricsDetail
from ldirectord_py.model.events import DriftKind, Event
from ldirectord_py.model.snapshot import Snapshot, StatusWord
from ldirectord_py.model.text.change_words import CHANGE_WORDS
from ldirectord_py.observers.events.counters import Counters
from ldirectord_py.observers.events.event_table import TABLE
from ldirectord_py.observers.events.server_counters import Histogram, RealCounters, VirtualCounters
from ldirectord_py.observers.metrics.exposition import (
    OPENMETRICS,
    PLAIN,
    Family,
    Kind,
    histogram,
    labelled,
    sample,
    summary,
)
from ldirectord_py.observers.metrics.metric_families import REAL_FAMILIES, VIRTUAL_FAMILIES

Sample = tuple[str, float]
"""Labels, complete, and a value."""

NETLINK = Family("ldirectord_netlink_duration_seconds", Kind.SUMMARY, "How long exchanges with the kernel's IPVS took.")
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
        for family, samples in self._singles(snapshot):
            body = "".join(sample(family.name, *each) for each in samples)
            yield f"{family.header(openmetrics=openmetrics)}{body}".encode()
        for family, observed in self._histograms():
            yield f"{family.header(openmetrics=openmetrics)}{histogram(family.name, '', observed)}".encode()
        calls = snapshot.netlink
        exchanges = "" if calls is None else summary(NETLINK.name, calls.seconds, calls.count)
        yield f"{NETLINK.header(openmetrics=openmetrics)}{exchanges}".encode()
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

    def _histograms(self) -> Iterator[tuple[Family, Histogram]]:
        yield (
            Family("ldirectord_scheduler_lag_seconds", Kind.HISTOGRAM, "How much later than due checks began."),
            self._counters.lag,
        )
        yield (
            Family(
                "ldirectord_reconcile_duration_seconds",
                Kind.HISTOGRAM,
                "How long comparisons of the whole table took, with their pauses.",
            ),
            self._counters.reconciles,
        )

    def _singles(self, snapshot: Snapshot) -> Iterator[tuple[Family, list[Sample]]]:
        """Yield the metrics that have one series, or a few."""
        yield from self._happenings(snapshot)
        yield from self._states(snapshot)

    def _happenings(self, snapshot: Snapshot) -> Iterator[tuple[Family, list[Sample]]]:
        counters = self._counters
        yield (
            Family("ldirectord_drift_total", Kind.COUNTER, "Differences found in the table that we had not made."),
            [(labelled(("kind",), (kind,)), counters.drift[kind]) for kind in DriftKind],
        )
        yield (
            Family("ldirectord_table_changes_total", Kind.COUNTER, "Changes written to the table, or refused by it."),
            [
                (labelled(("change", "cause", "result"), (CHANGE_WORDS[change], cause, result)), count)
                for (change, cause, result), count in counters.changes.items()
            ],
        )
        yield (
            Family(
                "ldirectord_netlink_operations_total",
                Kind.COUNTER,
                "Messages to the kernel's IPVS, by command and result: ok, or an errno.",
            ),
            [(labelled(("op", "result"), key), count) for key, count in snapshot.netlink.results.items()]
            if snapshot.netlink
            else [],
        )
        yield (
            Family("ldirectord_role_changes_total", Kind.COUNTER, "Changes of the director's role."),
            [(labelled(("to",), (role,)), counters.role_changes[role]) for role in Role],
        )
        yield (
            Family("ldirectord_vip_changes_total", Kind.COUNTER, "VIPs that came, went, or were found elsewhere."),
            [(labelled(("change",), (change,)), count) for change, count in counters.vip_changes.items()],
        )
        yield (
            Family("ldirectord_hooks_total", Kind.COUNTER, "Programs of the operator's that were run, by result."),
            [(labelled(("directive", "result"), key), count) for key, count in counters.hooks.items()],
        )
        yield (
            Family("ldirectord_monitorfile_lost_lines_total", Kind.COUNTER, "Lines that no monitorfile could take."),
            [("", counters.unmonitored)],
        )
        yield (
            Family("ldirectord_log_lost_lines_total", Kind.COUNTER, "Lines that the log's destination did not take."),
            [("", snapshot.log_lines_lost)],
        )
        yield (
            Family(
                "ldirectord_mails_total", Kind.COUNTER, "Mails, by result; one that only some get is sent and failed."
            ),
            [(labelled(("result",), (result,)), count) for result, count in counters.mails.items()],
        )

    def _states(self, snapshot: Snapshot) -> Iterator[tuple[Family, list[Sample]]]:
        counters = self._counters
        build = labelled(("version", "python"), (self._version, platform.python_version()))
        yield Family("ldirectord_build_info", Kind.GAUGE, "What runs here."), [(build, 1)]
        yield (
            Family(
                "ldirectord_config_hash_info",
                Kind.GAUGE,
                "The configuration in force: the same hash on directors whose files say the same.",
            ),
            [(labelled(("hash",), (snapshot.config_fingerprint,)), 1)],
        )
        yield (
            Family(
                "ldirectord_reconcile_last_success_timestamp_seconds",
                Kind.GAUGE,
                "When the whole table was last compared with what is wanted, since the epoch.",
            ),
            [] if counters.reconcile_time is None else [("", counters.reconcile_time)],
        )
        yield (
            Family("ldirectord_role", Kind.GAUGE, "Whether the director has this role among others."),
            [(labelled(("role",), (role,)), int(snapshot.role.role is role)) for role in Role],
        )
        yield (
            Family("ldirectord_sync_daemon_info", Kind.GAUGE, "A sync daemon of the kernel's that runs."),
            [
                (labelled(("role", "device", "id"), (each.role, each.device, str(each.sync_id))), 1)
                for each in snapshot.sync_daemons
            ],
        )
        yield (
            Family(
                "ldirectord_vip_held",
                Kind.GAUGE,
                "Whether this machine has a VIP that the director is to bring up (vips); in which state it is.",
            ),
            [
                (labelled(("vip", "device", "state"), (str(vip.address), vip.device, vip.state)), int(vip.held))
                for vip in snapshot.vips
            ],
        )
        for name, explanation, value in (
            (
                "config_last_reload_successful",
                "Whether the last (re)load was accepted.",
                counters.reload_successful,
            ),
            (
                "config_last_reload_success_timestamp_seconds",
                "When a configuration was last accepted, since the epoch.",
                counters.reload_time,
            ),
            ("checks_inflight", "Checks under way.", snapshot.inflight),
            ("checks_queued", "Checks that are due and wait for a place.", snapshot.queued),
            ("first_pass_complete", "Whether every real server has been checked once.", snapshot.first_pass),
            ("table_reachable", "Whether the IPVS table can be read and written.", counters.table_reachable),
        ):
            number = int(value) if isinstance(value, bool) else value
            yield Family(f"ldirectord_{name}", Kind.GAUGE, explanation), [("", number)]
