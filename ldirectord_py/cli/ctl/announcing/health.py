"""How VIPs are, read from the daemon's answers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from ldirectord_py.cluster.announcing.announcer import Sight
from ldirectord_py.cluster.announcing.policy import Policy, ServiceHealth, judge
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.decisions import Mode

VirtualJson = Mapping[str, Any]
"""A virtual service as the API tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncingRules:
    """What counts as served, and which VIPs there are."""

    policy: Policy = Policy.ANY
    policies: Mapping[IPAddress, Policy] = field(default_factory=dict)
    """Of VIPs for which another one counts."""
    fallback: bool = False
    """Whether a fallback serves."""
    only: frozenset[IPAddress] = frozenset()
    """The VIPs that are announced; none: all."""
    marks: Mapping[str, IPAddress] = field(default_factory=dict)
    """The VIPs of virtual services that are firewall marks."""

    def policy_of(self, vip: IPAddress) -> Policy:
        """Return how many virtual services of *vip* have to be served."""
        return self.policies.get(vip, self.policy)


def sight(status: Mapping[str, Any], virtuals: Iterable[VirtualJson], rules: AnnouncingRules) -> Sight:
    """Return what the daemon says, which is *status* and *virtuals*."""
    vips = judge(_services(virtuals, rules), rules.policy_of)
    return Sight(vips=vips, complete=status["first_pass"], standby=status["role"]["role"] == Role.STANDBY)


def _services(virtuals: Iterable[VirtualJson], rules: AnnouncingRules) -> Iterator[ServiceHealth]:
    for virtual in virtuals:
        vip = _vip(virtual["name"], rules.marks)
        if vip is not None and (not rules.only or vip in rules.only):
            served, why = _served(virtual, fallback=rules.fallback)
            yield ServiceHealth(name=virtual["name"], vip=vip, served=served, why=why)


def _vip(name: str, marks: Mapping[str, IPAddress]) -> IPAddress | None:
    """Return the VIP of a virtual service called *name*, such as `tcp:10.0.0.1:80` or `fwm:5`; None: it has none."""
    protocol, _, rest = name.partition(":")
    if protocol.startswith("fwm"):
        return marks.get(name)
    return ip_address(rest.rpartition(":")[0].strip("[]"))


def _served(virtual: VirtualJson, *, fallback: bool) -> tuple[bool, str]:
    name = virtual["name"]
    match virtual["mode"]:
        case Mode.REALS if virtual["weight"]:
            return True, f"{name} is served"
        case Mode.REALS:
            return False, f"every real server of {name} has weight 0"
        case Mode.FALLBACK:
            return fallback, f"only the fallback serves {name}"
        case _:
            return False, f"no real server of {name} serves"
