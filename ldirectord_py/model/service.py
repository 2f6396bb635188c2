"""What names a virtual service and a real server in IPVS, and how packets get there."""

from dataclasses import dataclass
from enum import StrEnum

from ldirectord_py.model.address import Endpoint, bracketed
from ldirectord_py.model.hashing import HashedOnce


class Protocol(StrEnum):
    """The transport protocol of a virtual service that has an address."""

    TCP = "tcp"
    UDP = "udp"


class Forwarding(StrEnum):
    """How IPVS forwards a packet to a real server, in the words of `ldirectord.cf`."""

    GATE = "gate"  # direct routing
    MASQ = "masq"  # network address translation
    IPIP = "ipip"  # tunnelling


@dataclass(frozen=True, slots=True)
class AddressKey(HashedOnce):
    """Names a virtual service by protocol, address and port."""

    __hash__ = HashedOnce.__hash__

    protocol: Protocol
    endpoint: Endpoint

    @property
    def family(self) -> int:
        """4 or 6."""
        return self.endpoint.address.version

    @property
    def label(self) -> str:
        """The name in the original's log messages: `10.0.0.1:80`."""
        return str(self.endpoint)

    def __str__(self) -> str:
        """Return the name used in logs, metrics and JSON: `tcp:10.0.0.1:80`."""
        return f"{self.protocol}:{self.endpoint}"


@dataclass(frozen=True, slots=True)
class MarkKey:
    """Names a virtual service by firewall mark; marks of IPv4 and IPv6 are distinct services."""

    mark: int
    family: int = 4

    @property
    def label(self) -> str:
        """The name in the original's log messages: the bare mark."""
        return str(self.mark)

    def __str__(self) -> str:
        """Return the name used in logs, metrics and JSON: `fwm:5`, `fwm6:5`."""
        return f"{'fwm6' if self.family == 6 else 'fwm'}:{self.mark}"


VirtualKey = AddressKey | MarkKey


@dataclass(frozen=True, slots=True)
class RealKey(HashedOnce):
    """Names one real server within one virtual service, as the kernel names it."""

    __hash__ = HashedOnce.__hash__

    virtual: VirtualKey
    real: Endpoint

    def __str__(self) -> str:
        """Return the pair as the original logs it: `10.0.0.5:80 (tcp:10.0.0.1:80)`."""
        return f"{self.real} ({self.virtual})"


def kernel_endpoint(virtual: VirtualKey, real: Endpoint, forwarding: Forwarding) -> Endpoint:
    """Return the address and port under which the kernel keeps *real*.

    Direct routing and tunnelling cannot rewrite ports, so the real server of a service with an
    address is kept under the service's own port, whatever the configuration says.  (`ipvsadm`
    does the same before it writes; a firewall mark has no port, so there the port stays.)
    """
    if isinstance(virtual, AddressKey) and forwarding is not Forwarding.MASQ and real.port != virtual.endpoint.port:
        return real.at_port(virtual.endpoint.port)
    return real


__all__ = ["AddressKey", "Forwarding", "MarkKey", "Protocol", "RealKey", "VirtualKey", "bracketed", "kernel_endpoint"]
