"""Asks on a wire who has addresses."""

import asyncio
import socket
import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from ldirectord_py.cluster.network import Device
from ldirectord_py.cluster.wire import arp, neighbours
from ldirectord_py.cluster.wire.pacing import Pace
from ldirectord_py.model.address import IPAddress

_LONGEST = 128
"""Bytes of a frame or message that are read; what is behind them says nothing of addresses."""
_AT_A_TIME = 64
"""Frames read in one turn of the loop."""
_ICMPV6_FILTER = 1  # of <linux/icmpv6.h>
_INT = struct.Struct("=i")
_UNNAMED = "a machine that does not name its hardware address"

Neighbour = tuple[IPAddress, bytes]
"""An address, and the hardware address of who has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How often is asked, and how long is listened."""

    times: int = 3
    pause: float = 0.3
    """Seconds from one time to the next, and from the last one to the end."""
    pace: Pace = field(default_factory=lambda: Pace(500, 64))


async def owners(
    device: Device, addresses: Collection[IPAddress], asking: Asking | None = None
) -> Mapping[IPAddress, frozenset[str]]:
    """Return the hardware addresses of those on the wire of *device*, itself not among them, that have *addresses*.

    By default that takes about a second.  Raises `OSError`: `PermissionError` without CAP_NET_RAW.
    """
    asking = asking or Asking()
    mac = device.hardware_address
    found: dict[IPAddress, set[str]] = {}

    def take(said: Neighbour) -> None:
        if said[0] in addresses and said[1] != mac:
            found.setdefault(said[0], set()).add(said[1].hex(":") or _UNNAMED)

    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        for family in sorted({address.version for address in addresses}):
            stack.enter_context(_hearing(_EARS[family](), device.name, take))
        wire = stack.enter_context(sender(device.name))
        for _ in range(asking.times):
            for address in addresses:
                await asking.pace.turn()
                await loop.sock_sendall(wire, _probe(address, mac))
            await asyncio.sleep(asking.pause)
    return {address: frozenset(macs) for address, macs in found.items()}


def sender(device: str) -> socket.socket:
    """Return what sends frames on the wire of *device*; raise `OSError`."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
    try:
        wire.bind((device, 0))
    except OSError:
        wire.close()
        raise
    return wire


def _probe(address: IPAddress, mac: bytes) -> bytes:
    return arp.probe(address, mac) if isinstance(address, IPv4Address) else neighbours.probe(address, mac)


class _ArpEar:
    """Hears ARP."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)

    def open(self, device: str) -> None:
        self.socket.bind((device, arp.ETH_P_ARP))

    def hear(self) -> Neighbour | None:
        return arp.owner(self.socket.recv(_LONGEST))


class _NeighbourEar:
    """Hears advertisements of neighbours."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW | socket.SOCK_NONBLOCK, neighbours.ICMPV6)

    def open(self, device: str) -> None:
        passed = [0xFFFFFFFF] * 8  # a set bit keeps a type of message out
        passed[neighbours.ADVERTISEMENT // 32] &= ~(1 << neighbours.ADVERTISEMENT % 32)
        self.socket.setsockopt(neighbours.ICMPV6, _ICMPV6_FILTER, struct.pack("=8I", *passed))
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())

    def hear(self) -> Neighbour | None:
        message, more, _, _ = self.socket.recvmsg(_LONGEST, socket.CMSG_SPACE(_INT.size))
        hops = [_INT.unpack_from(data)[0] for _, kind, data in more if kind == socket.IPV6_HOPLIMIT]
        return neighbours.owner(message) if hops == [neighbours.HOPS] else None


_EARS: Mapping[int, type[_ArpEar | _NeighbourEar]] = {4: _ArpEar, 6: _NeighbourEar}


@contextmanager
def _hearing(ear: _ArpEar | _NeighbourEar, device: str, tell: Callable[[Neighbour], None]) -> Iterator[None]:
    """Tell of what *ear* hears on *device*, meanwhile."""

    def hear() -> None:
        for _ in range(_AT_A_TIME):
            try:
                said = ear.hear()
            except OSError:  # there is no more, or the device has gone down
                return
            if said is not None:
                tell(said)

    loop = asyncio.get_running_loop()
    with ear.socket:
        ear.open(device)
        loop.add_reader(ear.socket, hear)
        try:
            yield
        finally:
            loop.remove_reader(ear.socket)
