"""The devices, addresses and routes of a network namespace, as values."""

import errno
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_interface

from ldirectord_py.model.address import IPAddress

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")

TUNNELS = {4: "tunl0", 6: "ip6tnl0"}
"""The devices that unpack tunnelled packets of every sender, by family; the modules ipip and ip6_tunnel make them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A network device."""

    name: str
    up: bool = True
    running: bool = True
    """It has a carrier, as far as its driver knows."""
    mtu: int = 1500
    """Bytes."""
    mac: str = ""
    arp: bool = True
    """It answers ARP and neighbour solicitations: no loopback device, and without the flag NOARP."""

    @property
    def announces(self) -> bool:
        """Whether there are neighbours who can be asked, and told, who has an address."""
        return self.arp and _MAC.fullmatch(self.mac) is not None

    @property
    def hardware_address(self) -> bytes:
        """Its address on an Ethernet; raises `OSError` if it is on none."""
        if not _MAC.fullmatch(self.mac):
            raise OSError(errno.EPROTONOSUPPORT, f"{self.name} is no Ethernet device")
        return bytes.fromhex(self.mac.replace(":", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAddress:
    """An address of this machine, on one of its devices."""

    address: IPAddress
    length: int
    """Of the prefix that is connected through the device."""
    device: str
    unusable: bool = False
    """Duplicate address detection has not ended (tentative), or has found another owner."""
    label: str = ""
    """Of an IPv4 address: its device's name, or an alias of it such as `eth0:1`."""

    def __str__(self) -> str:
        """Return `ADDRESS/LENGTH`."""
        return f"{self.address}/{self.length}"

    def connects(self, address: IPAddress) -> bool:
        """Return whether *address* is in the network that it stands in."""
        return address in ip_interface(str(self)).network


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way to an address."""

    device: str
    gateway: IPAddress | None = None
    """The router; None: the address is in a network of this machine, or its own."""
    local: bool = False
    """The address is this machine's own."""
    mtu: int | None = None
    """Bytes, where the route says so; None: as many as the device takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What a network namespace has."""

    devices: Mapping[str, Device] = field(default_factory=dict)
    """By their names."""
    addresses: tuple[HeldAddress, ...] = ()

    def holders(self, address: IPAddress) -> list[HeldAddress]:
        """Return where this machine has *address*: on one device, or on several."""
        return [held for held in self.addresses if held.address == address]

    def on_wire(self, address: IPAddress) -> list[HeldAddress]:
        """Return where it has *address* on a device that answers for it."""
        return [held for held in self.holders(address) if self.answers(held.device)]

    def answers(self, device: str) -> bool:
        """Return whether *device* answers ARP and neighbour solicitations."""
        return device in self.devices and self.devices[device].arp

    def connected(self, address: IPAddress) -> Iterator[HeldAddress]:
        """Yield the addresses of ours, on wires, that *address* is in one network with."""
        for held in self.addresses:
            if held.length < address.max_prefixlen and self.answers(held.device) and held.connects(address):
                yield held
