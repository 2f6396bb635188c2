"""What was surveyed of a machine that is to direct, as a value."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ldirectord_py.cluster.finding import Finding
from ldirectord_py.cluster.network import Network, Route
from ldirectord_py.model.address import Endpoint, IPAddress
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon
from ldirectord_py.model.config import Config, Fallback, Real
from ldirectord_py.model.problems import Problem
from ldirectord_py.model.service import AddressKey, Forwarding, VirtualKey
from ldirectord_py.system.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Ipvs:
    """What the kernel's IPVS was asked."""

    trouble: str = ""
    """A sentence that says why it could not be; empty: it could."""
    missing: Sequence[Problem] = ()
    """Schedulers and persistence engines that it has not got."""
    sync_daemons: Sequence[SyncDaemon] = ()
    orders: Mapping[VirtualKey, Sequence[Endpoint]] = field(default_factory=dict)
    """The real servers of the virtual services that are there, in the kernel's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Who else has VIPs."""

    macs: Mapping[IPAddress, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    """The hardware addresses that answered for an address, by the device that they were heard on."""
    trouble: str = ""
    """A clause: why nobody was asked; empty: they were."""


@dataclass(frozen=True, slots=True)
class Server:
    """A real server or fallback, as one VIP reaches it."""

    address: IPAddress
    forwarding: Forwarding
    vip: IPAddress | None
    """None: its virtual service is a firewall mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A configuration and the machine that is to direct by it."""

    config: Config
    network: Network
    routes: Mapping[IPAddress, Route | None] = field(default_factory=dict)
    """The way to each real server; None: there is none."""
    setting: Callable[[str], int | None] = lambda _: None
    """A setting of the kernel; None where it cannot be read."""
    ipvs: Ipvs = field(default_factory=Ipvs)
    owners: Owners = field(default_factory=Owners)
    clock: Clock | None = None
    """None: it could not be asked."""
    packet_filters: Sequence[str] = ()
    """What filters packets here and follows connections: tables of iptables, nftables."""

    def wire_of(self, vip: IPAddress) -> str | None:
        """Return the device on which *vip* is, or would be as an address of the network of that device."""
        on_wire = [held.device for held in self.network.on_wire(vip)]
        return next(iter([*on_wire, *(held.device for held in self.network.connected(vip))]), None)

    def servers(self, *forwardings: Forwarding) -> Iterator[Server]:
        """Yield each that one of *forwardings* is used for, once for each VIP."""
        return (server for server in servers(self.config) if server.forwarding in forwardings)


ExamineMachine = Callable[[Surroundings], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a machine is examined for."""

    id: str
    """That of its findings."""
    summary: str
    examine: ExamineMachine


def vips(config: Config) -> list[IPAddress]:
    """Return the addresses of the virtual services of *config*, each once."""
    keys = (virtual.key for virtual in config.virtuals)
    return list(dict.fromkeys(key.endpoint.address for key in keys if isinstance(key, AddressKey)))


def servers(config: Config) -> list[Server]:
    """Return the real servers and fallbacks of *config*, each once for each VIP and forwarding method."""
    found: dict[Server, None] = {}
    for virtual in config.virtuals:
        vip = virtual.key.endpoint.address if isinstance(virtual.key, AddressKey) else None
        every: list[Real | Fallback] = [*virtual.reals, *([virtual.fallback] if virtual.fallback else [])]
        for each in every:
            found[Server(each.endpoint.address, each.destination.forwarding, vip)] = None
    return list(found)
