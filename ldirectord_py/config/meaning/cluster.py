"""How a director works together with others: what the directives say, and what makes no sense."""

from collections.abc import Iterable

from ldirectord_py.config.grammar.diagnostics import Diagnostics
from ldirectord_py.config.grammar.directives import cluster_directives as d
from ldirectord_py.config.grammar.directives.check_directives import CHECKINTERVAL
from ldirectord_py.config.grammar.values import Values
from ldirectord_py.model.cluster.role import Role, RoleKind, RoleSource
from ldirectord_py.model.cluster.settings import ClusterSettings
from ldirectord_py.model.config import Virtual
from ldirectord_py.model.service import AddressKey


def cluster(values: Values) -> ClusterSettings:
    """Return what *values*, those of the global part, say about other directors."""
    return ClusterSettings(
        role=values.get(d.ROLE), standbyinterval=values.get(d.STANDBYINTERVAL), sync=values.get(d.SYNCDAEMON)
    )


def note_cluster(values: Values, virtuals: Iterable[Virtual], diagnostics: Diagnostics) -> None:
    """Tell what makes no sense: *virtuals* are those of the configuration."""
    source = values.get(d.ROLE)
    if source == RoleSource(kind=RoleKind.VIP) and not any(isinstance(each.key, AddressKey) for each in virtuals):
        sentence = "role: vip needs a virtual service with an address; write vip:ADDRESS"
        diagnostics.error(values.line_in_force(d.ROLE), sentence)
    if source.kind is RoleKind.VIP and any(each.vips and _decides(each, source) for each in virtuals):
        sentence = "vips: with role=vip somebody else moves the VIP, and the director follows; leave one of the two out"
        diagnostics.error(values.line_in_force(d.VIPS) or values.line_in_force(d.ROLE), sentence)
    seconds = values.get(d.STANDBYINTERVAL)
    if seconds is None:
        return
    line = values.line_in_force(d.STANDBYINTERVAL)
    if source == RoleSource(fixed=Role.ACTIVE):
        sentence = "standbyinterval: this has no meaning without role, such as role=/run/ldirectord.role"
        diagnostics.warning(line, sentence, "no-effect")
    elif seconds < values.get(CHECKINTERVAL):
        sentence = "standbyinterval: this has no meaning below checkinterval: a standby checks no more often"
        diagnostics.warning(line, sentence, "no-effect")


def _decides(virtual: Virtual, source: RoleSource) -> bool:
    """Return whether the address of *virtual* decides on the role, of which *source* is one."""
    return isinstance(virtual.key, AddressKey) and source.address in {None, virtual.key.endpoint.address}
