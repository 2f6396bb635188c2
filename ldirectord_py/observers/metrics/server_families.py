"""The metrics that have a series for each real server or virtual service: names, types, and the samples of a row."""

from collections.abc import Callable, Sequence
from operator import attrgetter

from ldirectord_py.model.snapshot import StatusWord
from ldirectord_py.observers.events.server_counters import RESULTS, RealCounters, VirtualCounters
from ldirectord_py.observers.metrics.exposition import Family, MetricType, escaped, histogram


def _real_info(real: RealCounters) -> str:
    virtual = real.virtual
    labels = (
        f'{real.labels},{real.place},forward="{real.forward}",checktype="{escaped(virtual.checktype)}",'
        f'name="{escaped(virtual.name)}"'
    )
    return f"ldirectord_real_info{{{labels}}} 1\n"


def _real_up(real: RealCounters) -> str:
    return f"ldirectord_real_up{{{real.labels}}} {1 if real.up else 0}\n"


def _real_state(real: RealCounters) -> str:
    """Return the state that holds, and the two that most queries look for."""
    labels, status = real.labels, real.status
    other = "" if status in _ALWAYS_SHOWN else f'ldirectord_real_state{{{labels},state="{status}"}} 1\n'
    return (
        f'ldirectord_real_state{{{labels},state="up"}} {1 if status is StatusWord.UP else 0}\n'
        f'ldirectord_real_state{{{labels},state="down"}} {1 if status is StatusWord.DOWN else 0}\n{other}'
    )


_ALWAYS_SHOWN = (StatusWord.UP, StatusWord.DOWN)


def _maintenance(real: RealCounters) -> str:
    return f"ldirectord_real_maintenance{{{real.labels}}} {1 if real.status is StatusWord.MAINTENANCE else 0}\n"


def _admin_since(real: RealCounters) -> str:
    if (admin := real.admin) is None:
        return ""
    return f'ldirectord_real_admin_since_timestamp_seconds{{{real.labels},kind="{admin.kind}"}} {admin.since}\n'


def _admin_until(real: RealCounters) -> str:
    if (admin := real.admin) is None or admin.until is None:
        return ""
    return f'ldirectord_real_admin_until_timestamp_seconds{{{real.labels},kind="{admin.kind}"}} {admin.until}\n'


def _real_weight(real: RealCounters) -> str:
    labels = real.labels
    return (
        f'ldirectord_real_weight{{{labels},kind="configured"}} {real.weight}\n'
        f'ldirectord_real_weight{{{labels},kind="effective"}} {real.wanted}\n'
        f'ldirectord_real_weight{{{labels},kind="kernel"}} {real.actual}\n'
    )


def _effective_weight(real: RealCounters) -> str:
    return f'ldirectord_real_weight{{{real.labels},kind="effective"}} {real.wanted}\n'


def _connections(real: RealCounters) -> str:
    if (found := real.connections) is None:
        return ""
    labels = real.labels
    return (
        f'ldirectord_real_connections{{{labels},state="active"}} {found.active}\n'
        f'ldirectord_real_connections{{{labels},state="inactive"}} {found.inactive}\n'
        f'ldirectord_real_connections{{{labels},state="persistent"}} {found.persistent}\n'
    )


def _last_change(real: RealCounters) -> str:
    return f"ldirectord_real_last_change_timestamp_seconds{{{real.labels}}} {real.since}\n"


def _downtime(real: RealCounters) -> str:
    return f"ldirectord_real_downtime_seconds_total{{{real.labels}}} {real.shown_downtime:.3f}\n"


def _checks(counted: RealCounters | VirtualCounters) -> str:
    labels = counted.labels
    return "".join(
        [
            f'ldirectord_checks_total{{{labels},result="{result}"}} {count}\n'
            for result, count in zip(RESULTS, counted.results, strict=True)
        ]
    )


def _transitions(counted: RealCounters | VirtualCounters) -> str:
    labels = counted.labels
    return (
        f'ldirectord_check_transitions_total{{{labels},to="up"}} {counted.went_up}\n'
        f'ldirectord_check_transitions_total{{{labels},to="down"}} {counted.went_down}\n'
    )


def _last_duration(real: RealCounters) -> str:
    if (seconds := real.checks.seconds) is None:
        return ""
    return f"ldirectord_check_last_duration_seconds{{{real.labels}}} {seconds}\n"


def _certificate_expiry(real: RealCounters) -> str:
    if (expires := real.expires) is None:
        return ""
    return f"ldirectord_certificate_expiry_timestamp_seconds{{{real.labels}}} {expires}\n"


def _virtual_info(virtual: VirtualCounters) -> str:
    labels = (
        f'{virtual.labels},name="{escaped(virtual.name)}",scheduler="{escaped(virtual.scheduler)}",'
        f'service="{escaped(virtual.service)}",quiescent="{"true" if virtual.quiescent else "false"}"'
    )
    return f"ldirectord_virtual_info{{{labels}}} 1\n"


def _virtual_reals(virtual: VirtualCounters) -> str:
    labels = virtual.labels
    return "".join(
        [f'ldirectord_virtual_reals{{{labels},state="{state}"}} {number}\n' for state, number in virtual.reals.items()]
    )


def _virtual_weight(virtual: VirtualCounters) -> str:
    return f"ldirectord_virtual_weight{{{virtual.labels}}} {virtual.weight}\n"


def _fallback(virtual: VirtualCounters) -> str:
    return f"ldirectord_virtual_fallback_active{{{virtual.labels}}} {1 if virtual.fallback_active else 0}\n"


def _failures(virtual: VirtualCounters) -> str:
    return "".join(
        [
            f'ldirectord_check_failures_total{{{virtual.labels},reason="{reason}"}} {count}\n'
            for reason, count in virtual.failures.items()
        ]
    )


def _durations(virtual: VirtualCounters) -> str:
    labels = f'{virtual.labels},checktype="{escaped(virtual.checktype)}"'
    return histogram("ldirectord_check_duration_seconds", labels, virtual.durations)


def _phases(virtual: VirtualCounters) -> str:
    return "".join(
        [
            histogram("ldirectord_check_phase_duration_seconds", f'{virtual.labels},phase="{phase}"', durations)
            for phase, durations in virtual.phases.items()
        ]
    )


def _total(name: str, field: str) -> Callable[[RealCounters], str]:
    """Return what shows one of the totals."""
    of = attrgetter(field)

    def shown(real: RealCounters) -> str:
        return "" if real.totals is None else f"{name}{{{real.labels}}} {of(real.totals)}\n"

    return shown


_UP = (
    Family("ldirectord_real_up", MetricType.GAUGE, "Whether the real server is in, as far as checks decide that."),
    _real_up,
)
_WEIGHT = Family(
    "ldirectord_real_weight", MetricType.GAUGE, "Weight: configured, wanted now, and in the kernel's table."
)
_LAST_CHANGE = (
    Family(
        "ldirectord_real_last_change_timestamp_seconds",
        MetricType.GAUGE,
        "When the real server's state changed, since the epoch.",
    ),
    _last_change,
)
_CHECKS = Family("ldirectord_checks_total", MetricType.COUNTER, "Checks that ended, by result.")
_TRANSITIONS = Family(
    "ldirectord_check_transitions_total", MetricType.COUNTER, "Changes of a real server's state, up or down."
)

RealFamily = tuple[Family, Callable[[RealCounters], str]]
VirtualFamily = tuple[Family, Callable[[VirtualCounters], str]]

ALL_OF_REALS: Sequence[RealFamily] = (
    (
        Family(
            "ldirectord_real_info", MetricType.GAUGE, "What a real server is; joins with node_exporter's node_ipvs_*."
        ),
        _real_info,
    ),
    _UP,
    (
        Family(
            "ldirectord_real_state",
            MetricType.GAUGE,
            "Where the real server stands: 1 for the state that holds; up and down are always shown.",
        ),
        _real_state,
    ),
    (
        Family(
            "ldirectord_real_maintenance", MetricType.GAUGE, "Whether a file in maintenancedir keeps the server out."
        ),
        _maintenance,
    ),
    (
        Family(
            "ldirectord_real_admin_since_timestamp_seconds",
            MetricType.GAUGE,
            "Since when an operator's drain, maintenance or weight is in force, since the epoch; only where one is.",
        ),
        _admin_since,
    ),
    (
        Family(
            "ldirectord_real_admin_until_timestamp_seconds",
            MetricType.GAUGE,
            "When that ends by itself, since the epoch; only where it does.",
        ),
        _admin_until,
    ),
    (_WEIGHT, _real_weight),
    (
        Family(
            "ldirectord_real_connections",
            MetricType.GAUGE,
            "Connections that the kernel has for the real server, by state; two seconds old at most.",
        ),
        _connections,
    ),
    _LAST_CHANGE,
    (
        Family(
            "ldirectord_real_downtime_seconds_total",
            MetricType.COUNTER,
            "How long checks have found the real server down; maintenance does not count.",
        ),
        _downtime,
    ),
    (_CHECKS, _checks),
    (_TRANSITIONS, _transitions),
    (
        Family("ldirectord_check_last_duration_seconds", MetricType.GAUGE, "How long the last check took."),
        _last_duration,
    ),
    (
        Family(
            "ldirectord_certificate_expiry_timestamp_seconds",
            MetricType.GAUGE,
            "When the TLS certificate expires that the real server last showed, since the epoch.",
        ),
        _certificate_expiry,
    ),
)
LEAST_OF_REALS: Sequence[RealFamily] = (_UP, (_WEIGHT, _effective_weight), _LAST_CHANGE)

OF_VIRTUALS: Sequence[VirtualFamily] = (
    (Family("ldirectord_virtual_info", MetricType.GAUGE, "What a virtual service is."), _virtual_info),
    (
        Family("ldirectord_virtual_reals", MetricType.GAUGE, "Real servers of a virtual service by state."),
        _virtual_reals,
    ),
    (
        Family(
            "ldirectord_virtual_weight",
            MetricType.GAUGE,
            "Sum of the weights that are wanted now for the real servers.",
        ),
        _virtual_weight,
    ),
    (
        Family(
            "ldirectord_virtual_fallback_active",
            MetricType.GAUGE,
            "Whether the fallback stands in, since no real server serves.",
        ),
        _fallback,
    ),
    (
        Family(
            "ldirectord_check_failures_total", MetricType.COUNTER, "Checks that did not find a server up, by reason."
        ),
        _failures,
    ),
    (Family("ldirectord_check_duration_seconds", MetricType.HISTOGRAM, "How long checks took."), _durations),
)
TOTALS: Sequence[RealFamily] = tuple(
    (
        Family(name, MetricType.COUNTER, f"{what} since the kernel has the real server in its table."),
        _total(name, field),
    )
    for name, field, what in (
        ("ldirectord_real_new_connections_total", "connections", "Connections that it was given"),
        ("ldirectord_real_incoming_packets_total", "packets_in", "Packets that came for it"),
        ("ldirectord_real_outgoing_packets_total", "packets_out", "Packets that it sent back by here"),
        ("ldirectord_real_incoming_bytes_total", "bytes_in", "Bytes that came for it"),
        ("ldirectord_real_outgoing_bytes_total", "bytes_out", "Bytes that it sent back by here"),
    )
)
PHASES: VirtualFamily = (
    Family(
        "ldirectord_check_phase_duration_seconds",
        MetricType.HISTOGRAM,
        "How long the phases of checks took over TCP: connect, tls, processing (until the first byte), transfer.",
    ),
    _phases,
)
INSTEAD_OF_REALS: Sequence[VirtualFamily] = ((_CHECKS, _checks), (_TRANSITIONS, _transitions))
