"""The metrics that have a series for each real server or virtual: names, types, and how a row becomes samples."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from ldirectord_py.model.health import State
from ldirectord_py.model.snapshot import RealStatus, VirtualStatus
from ldirectord_py.observers.exposition import Family, Kind, escaped, histogram
from ldirectord_py.observers.tallies import RESULTS, RealTally, VirtualTally


class RealRow(NamedTuple):
    """One real server at the moment of a scrape."""

    status: RealStatus
    virtual: VirtualStatus
    tally: RealTally


class VirtualRow(NamedTuple):
    """One virtual at the moment of a scrape."""

    status: VirtualStatus
    tally: VirtualTally


def _real_info(row: RealRow) -> str:
    forward, checktype = row.status.forwarding.value, escaped(row.virtual.checktype)
    labels = f'{row.tally.labels},{row.tally.place},forward="{forward}",checktype="{checktype}"'
    return f"ldirectord_real_info{{{labels}}} 1\n"


def _real_up(row: RealRow) -> str:
    return f"ldirectord_real_up{{{row.tally.labels}}} {1 if row.status.health.state.serving else 0}\n"


def _real_weight(row: RealRow) -> str:
    # A server that is not in the table gets nothing: 0, so that wanted and actual can always be compared.
    labels, status = row.tally.labels, row.status
    return (
        f'ldirectord_real_weight{{{labels},kind="configured"}} {status.weight}\n'
        f'ldirectord_real_weight{{{labels},kind="effective"}} {status.wanted or 0}\n'
        f'ldirectord_real_weight{{{labels},kind="kernel"}} {status.actual or 0}\n'
    )


def _last_change(row: RealRow) -> str:
    return f"ldirectord_real_last_change_timestamp_seconds{{{row.tally.labels}}} {row.status.health.since}\n"


def _checks(row: RealRow) -> str:
    labels = row.tally.labels
    return "".join(
        [
            f'ldirectord_checks_total{{{labels},result="{result}"}} {count}\n'
            for result, count in zip(RESULTS, row.tally.results, strict=True)
        ]
    )


def _transitions(row: RealRow) -> str:
    labels, tally = row.tally.labels, row.tally
    return (
        f'ldirectord_check_transitions_total{{{labels},to="up"}} {tally.went_up}\n'
        f'ldirectord_check_transitions_total{{{labels},to="down"}} {tally.went_down}\n'
    )


def _last_duration(row: RealRow) -> str:
    if (seconds := row.tally.seconds) is None:
        return ""
    return f"ldirectord_check_last_duration_seconds{{{row.tally.labels}}} {seconds}\n"


def _virtual_info(row: VirtualRow) -> str:
    status = row.status
    labels = (
        f'{row.tally.labels},scheduler="{escaped(status.scheduler)}",service="{escaped(status.service)}",'
        f'quiescent="{"true" if status.quiescent else "false"}"'
    )
    return f"ldirectord_virtual_info{{{labels}}} 1\n"


def _virtual_reals(row: VirtualRow) -> str:
    numbers = Counter([real.health.state for real in row.status.reals])
    return "".join(
        f'ldirectord_virtual_reals{{{row.tally.labels},state="{state}"}} {numbers[state]}\n' for state in State
    )


def _fallback(row: VirtualRow) -> str:
    return f"ldirectord_virtual_fallback_active{{{row.tally.labels}}} {int(row.status.fallback_active)}\n"


def _failures(row: VirtualRow) -> str:
    return "".join(
        f'ldirectord_check_failures_total{{{row.tally.labels},reason="{reason}"}} {count}\n'
        for reason, count in row.tally.failures.items()
    )


def _durations(row: VirtualRow) -> str:
    labels = f'{row.tally.labels},checktype="{escaped(row.status.checktype)}"'
    return histogram("ldirectord_check_duration_seconds", labels, row.tally.durations)


REAL_FAMILIES: tuple[tuple[Family, Callable[[RealRow], str]], ...] = (
    (
        Family("ldirectord_real_info", Kind.GAUGE, "What a real server is; joins with node_exporter's node_ipvs_*."),
        _real_info,
    ),
    (Family("ldirectord_real_up", Kind.GAUGE, "Whether clients may be sent to the real server."), _real_up),
    (
        Family("ldirectord_real_weight", Kind.GAUGE, "Weight: configured, wanted now, and in the kernel's table."),
        _real_weight,
    ),
    (
        Family(
            "ldirectord_real_last_change_timestamp_seconds",
            Kind.GAUGE,
            "When the real server's state changed, since the epoch.",
        ),
        _last_change,
    ),
    (Family("ldirectord_checks_total", Kind.COUNTER, "Checks that ended, by result."), _checks),
    (
        Family("ldirectord_check_transitions_total", Kind.COUNTER, "Changes of a real server's state, up or down."),
        _transitions,
    ),
    (Family("ldirectord_check_last_duration_seconds", Kind.GAUGE, "How long the last check took."), _last_duration),
)

VIRTUAL_FAMILIES: tuple[tuple[Family, Callable[[VirtualRow], str]], ...] = (
    (Family("ldirectord_virtual_info", Kind.GAUGE, "What a virtual service is."), _virtual_info),
    (Family("ldirectord_virtual_reals", Kind.GAUGE, "Real servers of a virtual service by state."), _virtual_reals),
    (Family("ldirectord_virtual_fallback_active", Kind.GAUGE, "Whether no real server serves."), _fallback),
    (
        Family("ldirectord_check_failures_total", Kind.COUNTER, "Checks that did not find a server up, by reason."),
        _failures,
    ),
    (Family("ldirectord_check_duration_seconds", Kind.HISTOGRAM, "How long checks took."), _durations),
)
