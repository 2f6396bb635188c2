"""The metrics that have a series for each real server or virtual: names, types, and how a row becomes samples."""

from collections.abc import Callable

from ldirectord_py.observers.events.server_counters import RESULTS, RealCounters, VirtualCounters
from ldirectord_py.observers.metrics.exposition import Family, Kind, escaped, histogram


def _real_info(real: RealCounters) -> str:
    checktype = escaped(real.virtual.checktype)
    labels = f'{real.labels},{real.place},forward="{real.forward}",checktype="{checktype}"'
    return f"ldirectord_real_info{{{labels}}} 1\n"


def _real_up(real: RealCounters) -> str:
    return f"ldirectord_real_up{{{real.labels}}} {1 if real.up else 0}\n"


def _maintenance(real: RealCounters) -> str:
    return f"ldirectord_real_maintenance{{{real.labels}}} {1 if real.maintenance else 0}\n"


def _real_weight(real: RealCounters) -> str:
    labels = real.labels
    return (
        f'ldirectord_real_weight{{{labels},kind="configured"}} {real.weight}\n'
        f'ldirectord_real_weight{{{labels},kind="effective"}} {real.wanted}\n'
        f'ldirectord_real_weight{{{labels},kind="kernel"}} {real.actual}\n'
    )


def _last_change(real: RealCounters) -> str:
    return f"ldirectord_real_last_change_timestamp_seconds{{{real.labels}}} {real.since}\n"


def _checks(real: RealCounters) -> str:
    labels = real.labels
    return "".join(
        [
            f'ldirectord_checks_total{{{labels},result="{result}"}} {count}\n'
            for result, count in zip(RESULTS, real.results, strict=True)
        ]
    )


def _transitions(real: RealCounters) -> str:
    labels = real.labels
    return (
        f'ldirectord_check_transitions_total{{{labels},to="up"}} {real.went_up}\n'
        f'ldirectord_check_transitions_total{{{labels},to="down"}} {real.went_down}\n'
    )


def _last_duration(real: RealCounters) -> str:
    if (seconds := real.seconds) is None:
        return ""
    return f"ldirectord_check_last_duration_seconds{{{real.labels}}} {seconds}\n"


def _certificate_expiry(real: RealCounters) -> str:
    if (expires := real.expires) is None:
        return ""
    return f"ldirectord_certificate_expiry_timestamp_seconds{{{real.labels}}} {expires}\n"


def _virtual_info(virtual: VirtualCounters) -> str:
    labels = (
        f'{virtual.labels},scheduler="{escaped(virtual.scheduler)}",service="{escaped(virtual.service)}",'
        f'quiescent="{"true" if virtual.quiescent else "false"}"'
    )
    return f"ldirectord_virtual_info{{{labels}}} 1\n"


def _virtual_reals(virtual: VirtualCounters) -> str:
    labels = virtual.labels
    return "".join(
        [f'ldirectord_virtual_reals{{{labels},state="{state}"}} {number}\n' for state, number in virtual.reals.items()]
    )


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


REAL_FAMILIES: tuple[tuple[Family, Callable[[RealCounters], str]], ...] = (
    (
        Family("ldirectord_real_info", Kind.GAUGE, "What a real server is; joins with node_exporter's node_ipvs_*."),
        _real_info,
    ),
    (Family("ldirectord_real_up", Kind.GAUGE, "Whether clients may be sent to the real server."), _real_up),
    (
        Family("ldirectord_real_maintenance", Kind.GAUGE, "Whether a file in maintenancedir keeps the server out."),
        _maintenance,
    ),
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
    (
        Family(
            "ldirectord_certificate_expiry_timestamp_seconds",
            Kind.GAUGE,
            "When the TLS certificate expires that the real server last showed, since the epoch.",
        ),
        _certificate_expiry,
    ),
)

VIRTUAL_FAMILIES: tuple[tuple[Family, Callable[[VirtualCounters], str]], ...] = (
    (Family("ldirectord_virtual_info", Kind.GAUGE, "What a virtual service is."), _virtual_info),
    (Family("ldirectord_virtual_reals", Kind.GAUGE, "Real servers of a virtual service by state."), _virtual_reals),
    (Family("ldirectord_virtual_fallback_active", Kind.GAUGE, "Whether no real server serves."), _fallback),
    (
        Family("ldirectord_check_failures_total", Kind.COUNTER, "Checks that did not find a server up, by reason."),
        _failures,
    ),
    (Family("ldirectord_check_duration_seconds", Kind.HISTOGRAM, "How long checks took."), _durations),
)
