"""The metrics of the director itself: each has one series, or a few, whatever is configured."""

import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.events import DriftKind
from ldirectord_py.model.snapshot import Snapshot
from ldirectord_py.model.text.change_words import CHANGE_WORDS
from ldirectord_py.observers.events.counters import Counters
from ldirectord_py.observers.events.server_counters import Histogram
from ldirectord_py.observers.metrics.exposition import Family, MetricType, histogram, labelled, sample, summary


@dataclass(frozen=True, slots=True)
class Scrape:
    """What is read at a scrape."""

    counters: Counters
    snapshot: Snapshot
    version: str


WriteFamily = Callable[[str, Scrape], str]
"""Returns the samples of the metric of that name: complete lines."""
DirectorFamily = tuple[Family, WriteFamily]


def _number(of: Callable[[Scrape], float | None]) -> WriteFamily:
    """Return what writes one number, which *of* finds; none where there is none."""

    def written(name: str, scrape: Scrape) -> str:
        number = of(scrape)
        return "" if number is None else sample(name, "", int(number) if isinstance(number, bool) else number)

    return written


def _numbers(labels: tuple[str, ...], of: Callable[[Scrape], Iterable[tuple[tuple[str, ...], float]]]) -> WriteFamily:
    """Return what writes a number for each tuple of values that *labels* have."""

    def written(name: str, scrape: Scrape) -> str:
        return "".join([sample(name, labelled(labels, values), number) for values, number in of(scrape)])

    return written


def _distribution(of: Callable[[Counters], Histogram]) -> WriteFamily:
    """Return what writes a histogram."""

    def written(name: str, scrape: Scrape) -> str:
        return histogram(name, "", of(scrape.counters))

    return written


def _exchanges(name: str, scrape: Scrape) -> str:
    calls = scrape.snapshot.netlink
    return "" if calls is None else summary(name, calls.seconds, calls.count)


_HAPPENINGS: tuple[DirectorFamily, ...] = (
    (
        Family("ldirectord_drift_total", MetricType.COUNTER, "Differences found in the table that we had not made."),
        _numbers(("kind",), lambda scrape: [((kind,), scrape.counters.drift[kind]) for kind in DriftKind]),
    ),
    (
        Family("ldirectord_table_changes_total", MetricType.COUNTER, "Changes written to the table, or refused by it."),
        _numbers(
            ("change", "cause", "result"),
            lambda scrape: [
                ((CHANGE_WORDS[change], cause, result), count)
                for (change, cause, result), count in scrape.counters.changes.items()
            ],
        ),
    ),
    (
        Family(
            "ldirectord_netlink_operations_total",
            MetricType.COUNTER,
            "Messages to the kernel's IPVS, by command and result: ok, or an errno.",
        ),
        _numbers(
            ("op", "result"),
            lambda scrape: scrape.snapshot.netlink.results.items() if scrape.snapshot.netlink else (),
        ),
    ),
    (
        Family("ldirectord_role_changes_total", MetricType.COUNTER, "Changes of the director's role."),
        _numbers(("to",), lambda scrape: [((role,), scrape.counters.role_changes[role]) for role in Role]),
    ),
    (
        Family("ldirectord_vip_changes_total", MetricType.COUNTER, "VIPs that came, went, or were found elsewhere."),
        _numbers(
            ("change",), lambda scrape: [((change,), count) for change, count in scrape.counters.vip_changes.items()]
        ),
    ),
    (
        Family("ldirectord_hooks_total", MetricType.COUNTER, "Programs of the operator's that were run, by result."),
        _numbers(("directive", "result"), lambda scrape: scrape.counters.hooks.items()),
    ),
    (
        Family("ldirectord_monitorfile_lost_lines_total", MetricType.COUNTER, "Lines that no monitorfile could take."),
        _number(lambda scrape: scrape.counters.unmonitored),
    ),
    (
        Family("ldirectord_log_lost_lines_total", MetricType.COUNTER, "Lines that the log's destination did not take."),
        _number(lambda scrape: scrape.snapshot.log_lines_lost),
    ),
    (
        Family(
            "ldirectord_mails_total", MetricType.COUNTER, "Mails, by result; one that only some get is sent and failed."
        ),
        _numbers(("result",), lambda scrape: [((result,), count) for result, count in scrape.counters.mails.items()]),
    ),
)

_STATES: tuple[DirectorFamily, ...] = (
    (
        Family("ldirectord_build_info", MetricType.GAUGE, "What runs here."),
        _numbers(("version", "python"), lambda scrape: [((scrape.version, platform.python_version()), 1)]),
    ),
    (
        Family(
            "ldirectord_config_hash_info",
            MetricType.GAUGE,
            "The configuration in force: the same hash on directors whose files say the same.",
        ),
        _numbers(("hash",), lambda scrape: [((scrape.snapshot.config_fingerprint,), 1)]),
    ),
    (
        Family(
            "ldirectord_reconcile_last_success_timestamp_seconds",
            MetricType.GAUGE,
            "When the whole table was last compared with what is wanted, since the epoch.",
        ),
        _number(lambda scrape: scrape.counters.reconcile_time),
    ),
    (
        Family("ldirectord_role", MetricType.GAUGE, "Whether the director has this role among others."),
        _numbers(("role",), lambda scrape: [((role,), int(scrape.snapshot.role.role is role)) for role in Role]),
    ),
    (
        Family(
            "ldirectord_role_info", MetricType.GAUGE, "What says which role the director has, as in the configuration."
        ),
        _numbers(("source",), lambda scrape: [((scrape.snapshot.role.source,), 1)]),
    ),
    (
        Family("ldirectord_sync_daemon_info", MetricType.GAUGE, "A sync daemon of the kernel's that runs."),
        _numbers(
            ("role", "device", "id"),
            lambda scrape: [((each.role, each.device, str(each.sync_id)), 1) for each in scrape.snapshot.sync_daemons],
        ),
    ),
    (
        Family(
            "ldirectord_vip_held",
            MetricType.GAUGE,
            "Whether this machine has a VIP that the director is to bring up (vips); in which state it is.",
        ),
        _numbers(
            ("vip", "device", "state"),
            lambda scrape: [((str(vip.address), vip.device, vip.state), int(vip.held)) for vip in scrape.snapshot.vips],
        ),
    ),
    (
        Family("ldirectord_config_last_reload_successful", MetricType.GAUGE, "Whether the last (re)load was accepted."),
        _number(lambda scrape: scrape.counters.reload_successful),
    ),
    (
        Family(
            "ldirectord_config_last_reload_success_timestamp_seconds",
            MetricType.GAUGE,
            "When a configuration was last accepted, since the epoch.",
        ),
        _number(lambda scrape: scrape.counters.reload_time),
    ),
    (
        Family("ldirectord_checks_inflight", MetricType.GAUGE, "Checks under way."),
        _number(lambda scrape: scrape.snapshot.inflight),
    ),
    (
        Family("ldirectord_checks_queued", MetricType.GAUGE, "Checks that are due and wait for a place."),
        _number(lambda scrape: scrape.snapshot.queued),
    ),
    (
        Family("ldirectord_first_pass_complete", MetricType.GAUGE, "Whether every real server has been checked once."),
        _number(lambda scrape: scrape.snapshot.first_pass),
    ),
    (
        Family("ldirectord_table_reachable", MetricType.GAUGE, "Whether the IPVS table can be read and written."),
        _number(lambda scrape: scrape.counters.table_reachable),
    ),
)

_DURATIONS: tuple[DirectorFamily, ...] = (
    (
        Family("ldirectord_scheduler_lag_seconds", MetricType.HISTOGRAM, "How much later than due checks began."),
        _distribution(lambda counters: counters.lag),
    ),
    (
        Family(
            "ldirectord_reconcile_duration_seconds",
            MetricType.HISTOGRAM,
            "How long comparisons of the whole table took, with their pauses.",
        ),
        _distribution(lambda counters: counters.reconciles),
    ),
    (
        Family(
            "ldirectord_netlink_duration_seconds",
            MetricType.SUMMARY,
            "How long exchanges with the kernel's IPVS took.",
        ),
        _exchanges,
    ),
)

OF_THE_DIRECTOR = (*_HAPPENINGS, *_STATES, *_DURATIONS)
