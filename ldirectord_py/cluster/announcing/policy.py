"""Whether a VIP is served, given how its virtual services are."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ldirectord_py.model.address import IPAddress


class Policy(StrEnum):
    """How many of the virtual services of a VIP have to be served for the VIP to be."""

    ANY = "any"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHealth:
    """A virtual service, as far as it matters for its VIP."""

    name: str
    vip: IPAddress
    served: bool
    why: str
    """A sentence, such as `no real server of tcp:10.0.0.1:80 serves`."""


@dataclass(frozen=True, slots=True)
class VipHealth:
    """Whether a VIP is served, and why."""

    served: bool
    why: str


def judge(services: Iterable[ServiceHealth], policy: Callable[[IPAddress], Policy]) -> Mapping[IPAddress, VipHealth]:
    """Return how the VIPs of *services* are, each by its *policy*."""
    by_vip: dict[IPAddress, list[ServiceHealth]] = {}
    for service in services:
        by_vip.setdefault(service.vip, []).append(service)
    return {vip: _health(its, policy(vip)) for vip, its in by_vip.items()}


def _health(services: list[ServiceHealth], policy: Policy) -> VipHealth:
    good = [service for service in services if service.served]
    bad = [service for service in services if not service.served]
    served = bool(good) if policy is Policy.ANY else not bad
    return VipHealth(served, "; ".join(service.why for service in (good if served else bad)))
