"""The IPVS table as values, and the changes that lead from one table to another."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from ipaddress import IPv4Address
from typing import NamedTuple, Protocol

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.service import Forwarding, VirtualKey


class ServiceFlags(IntFlag):
    """`IP_VS_SVC_F_*` of <linux/ip_vs.h>, without HASHED, which the kernel sets for itself."""

    NONE = 0
    PERSISTENT = 0x0001
    ONE_PACKET = 0x0004
    SCHED1 = 0x0008  # sh-fallback, mh-fallback
    SCHED2 = 0x0010  # sh-port, mh-port
    SCHED3 = 0x0020


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a virtual service is set up in the kernel."""

    scheduler: str = "wrr"
    flags: ServiceFlags = ServiceFlags.NONE
    persistence: int = 0
    """Seconds that a client stays with its real server; counts only with the flag PERSISTENT."""
    netmask: IPv4Address | int
    """Granularity of persistence: a dotted mask for IPv4, a prefix length for IPv6."""
    engine: str = ""
    """Persistence engine, such as `sip`; empty for none."""

    @property
    def keeps_hash_places(self) -> bool:
        """Whether a server of weight 0 keeps its place in the scheduler's hash table, and others stand in for it."""
        return self.scheduler == "mh" and bool(self.flags & ServiceFlags.SCHED1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """How a real server is entered under a virtual service."""

    forwarding: Forwarding
    weight: int
    upper: int = 0
    """No new connections above so many; 0: no limit."""
    lower: int = 0
    """New connections again below so many; 0: as soon as below *upper*."""
    hashed_weight: int = field(default=0, compare=False)
    """While *weight* is 0: the weight by which the scheduler's hash table has it, which the kernel never tells."""


@dataclass(frozen=True, slots=True)
class Service:
    """One virtual service of the table with its real servers, by the kernel's own keys."""

    settings: Settings
    destinations: Mapping[Endpoint, Destination] = field(default_factory=dict)


TableState = Mapping[VirtualKey, Service]


class Connections(NamedTuple):
    """How many connections the kernel has for one entry."""

    active: int
    """TCP connections that are established; with UDP always 0."""
    inactive: int
    """All others: TCP connections that begin or end, and clients of UDP that were heard of lately."""
    persistent: int
    """Clients that persistence keeps with this server."""

    @property
    def open(self) -> int:
        """How many connections there are, active and inactive ones together."""
        return self.active + self.inactive


class Rates(NamedTuple):
    """What comes through a virtual service each second, as the kernel estimates it every two seconds."""

    connections: int
    """New connections."""
    bytes_in: int
    """From clients."""
    bytes_out: int
    """To clients; 0 with gate and ipip, where answers do not come by here."""


class Totals(NamedTuple):
    """What a table has counted of one real server since it was entered."""

    connections: int
    packets_in: int
    packets_out: int
    bytes_in: int
    bytes_out: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a table counts of one virtual service."""

    connections: Mapping[Endpoint, Connections] = field(default_factory=dict)
    """Of each of its real servers."""
    rates: Rates | None = None
    """None: they are not known."""
    totals: Mapping[Endpoint, Totals] = field(default_factory=dict)
    """Of each real server, where they were asked for and the table has them."""

    @property
    def open(self) -> int:
        """How many connections there are to all of its real servers together."""
        return sum(each.open for each in self.connections.values())


UNKNOWN_TRAFFIC = Traffic()


@dataclass(frozen=True, slots=True)
class AddService:
    """Enter a virtual service."""

    virtual: VirtualKey
    settings: Settings


@dataclass(frozen=True, slots=True)
class SetService:
    """Set up an existing virtual service anew; its real servers and connections stay."""

    virtual: VirtualKey
    settings: Settings


@dataclass(frozen=True, slots=True)
class RemoveService:
    """Take a virtual service out, with all its real servers."""

    virtual: VirtualKey


@dataclass(frozen=True, slots=True)
class AddDestination:
    """Enter a real server."""

    virtual: VirtualKey
    real: Endpoint
    destination: Destination


@dataclass(frozen=True, slots=True)
class SetDestination:
    """Set an existing real server's method, weight and thresholds, all of them; its connections stay."""

    virtual: VirtualKey
    real: Endpoint
    destination: Destination


@dataclass(frozen=True, slots=True)
class RemoveDestination:
    """Take a real server out."""

    virtual: VirtualKey
    real: Endpoint


Change = AddService | SetService | RemoveService | AddDestination | SetDestination | RemoveDestination


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that the table did not accept, and why, as a sentence."""

    change: Change
    errno: int
    sentence: str


class Table(Protocol):
    """The port to an IPVS table: the kernel's, or one in memory."""

    async def read(self, virtuals: Sequence[VirtualKey] | None = None) -> TableState:
        """Return the services named, or all, as the table has them now; those that are absent are left out.

        Raises `TableUnavailable` where the table cannot be read at all.
        """
        ...

    async def traffic(self, virtuals: Sequence[VirtualKey], *, totals: bool = False) -> Mapping[VirtualKey, Traffic]:
        """Return what is counted of each of *virtuals*, with *totals* if wanted; those that are absent are left out.

        Raises `TableUnavailable` where the table cannot be read at all.
        """
        ...

    async def missing_modules(self, settings: Collection[Settings]) -> Mapping[Settings, str]:
        """Return those of *settings* that the kernel cannot set up, and the modules that it lacks for them.

        Raises `TableUnavailable` where the table cannot be reached at all.
        """
        ...

    async def apply(self, changes: Sequence[Change]) -> Sequence[Refusal]:
        """Write *changes* in order, in one batch; return those that were refused, the others are in force.

        Raises `TableUnavailable` where nothing can be written at all.
        """
        ...

    def close(self) -> None:
        """Let go of what the table holds open; the table itself stays as it is."""
        ...
