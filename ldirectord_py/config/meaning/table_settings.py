"""How a section's virtual is set up in the table."""

from ipaddress import IPv4Address

from ldirectord_py.config.grammar.diagnostics import Diagnostics
from ldirectord_py.config.grammar.directive import Unreadable, quoted
from ldirectord_py.config.grammar.directives import table_directives as d
from ldirectord_py.config.grammar.value_types import dotted_mask, prefix_length, unknown
from ldirectord_py.config.grammar.values import Values
from ldirectord_py.config.meaning.doubts import hole_in
from ldirectord_py.model.service import AddressKey, Protocol, VirtualKey
from ldirectord_py.model.table import ServiceFlags, Settings

_HOST_MASK: dict[int, IPv4Address | int] = {4: IPv4Address("255.255.255.255"), 6: 128}
SCHEDULER_FLAGS = {
    "sh-fallback": ServiceFlags.SCHED1,
    "sh-port": ServiceFlags.SCHED2,
    "mh-fallback": ServiceFlags.SCHED1,
    "mh-port": ServiceFlags.SCHED2,
    "flag-1": ServiceFlags.SCHED1,
    "flag-2": ServiceFlags.SCHED2,
    "flag-3": ServiceFlags.SCHED3,
}


def settings(key: VirtualKey, values: Values, diagnostics: Diagnostics) -> Settings:
    """Return how the virtual *key* is set up; what cannot be goes to *diagnostics*."""
    persistent = values.get(d.PERSISTENT)
    flags = _scheduler_flags(values, diagnostics)
    if persistent is not None:
        flags |= ServiceFlags.PERSISTENT
    if values.get(d.OPS):
        if isinstance(key, AddressKey) and key.protocol is Protocol.UDP:
            flags |= ServiceFlags.ONE_PACKET
        else:
            diagnostics.warning(
                values.line(d.OPS.name) or 0, "ops: this has an effect with protocol=udp only", "no-effect"
            )
    return Settings(
        scheduler=values.get(d.SCHEDULER),
        flags=flags,
        persistence=persistent or 0,
        netmask=_netmask(key.family, values, diagnostics, persistent=persistent is not None),
    )


def _netmask(family: int, values: Values, diagnostics: Diagnostics, *, persistent: bool) -> IPv4Address | int:
    """Return the mask in force: without persistence that is each client's own, as `ipvsadm` is not given any."""
    mask = _HOST_MASK[family]
    for entry in values.each(d.NETMASK):
        try:
            mask = prefix_length(entry.value or "") if family == 6 else dotted_mask(entry.value or "")
            if isinstance(mask, IPv4Address) and (hole := hole_in(mask)):
                diagnostics.warning(entry.line, f"netmask: {hole}", "surprising-value")
        except Unreadable as exc:
            diagnostics.error(entry.line, f"netmask: {exc}, but got {quoted(entry.value or '')}")
    return mask if persistent else _HOST_MASK[family]


def _scheduler_flags(values: Values, diagnostics: Diagnostics) -> ServiceFlags:
    flags = ServiceFlags.NONE
    for name in filter(None, (values.get(d.SCHEDFLAGS) or "").split(",")):
        if name in SCHEDULER_FLAGS:
            flags |= SCHEDULER_FLAGS[name]
        else:
            sentence = unknown("flag", name, tuple(SCHEDULER_FLAGS))
            diagnostics.error(values.line(d.SCHEDFLAGS.name) or 0, f"schedflags: {sentence}")
    return flags
