"""Who has an IPv4 address on a wire: the ARP probe of RFC 5227 §2.1.1, which nobody takes for a claim."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Collection, Mapping
from ipaddress import IPv4Address

_ETHERNET = struct.Struct("!6s6sH")
_ARP = struct.Struct("!HHBBH6s4s6s4s")  # RFC 826
_ETH_P_ARP, _ETH_P_IP, _HARDWARE_ETHERNET, _REQUEST = 0x0806, 0x0800, 1, 1
_BROADCAST, _NOBODY = b"\xff" * 6, b"\0" * 6
_LONGEST = 128  # bytes of a frame; what is behind an ARP message is padding
_PROBES = 3
_PAUSE = 0.3
"""Seconds from one probe to the next, and from the last one to the end."""


def probe(address: IPv4Address, mac: bytes) -> bytes:
    """Return the frame with which the device *mac* asks who has *address*; its own address is told to nobody."""
    asked = _ARP.pack(
        *(_HARDWARE_ETHERNET, _ETH_P_IP, 6, 4, _REQUEST),
        *(mac, bytes(4), _NOBODY, address.packed),
    )
    return _ETHERNET.pack(_BROADCAST, mac, _ETH_P_ARP) + asked


def owner(frame: bytes) -> tuple[IPv4Address, bytes] | None:
    """Return the address that the sender of *frame* says it has, and its hardware address; None: it says none."""
    if len(frame) < _ETHERNET.size + _ARP.size:
        return None
    hardware, protocol, long, short, _, mac, sender, _, _ = _ARP.unpack_from(frame, _ETHERNET.size)
    if (hardware, protocol, long, short) != (_HARDWARE_ETHERNET, _ETH_P_IP, 6, 4) or sender == bytes(4):
        return None
    return IPv4Address(sender), mac


async def owners(device: str, mac: str, addresses: Collection[IPv4Address]) -> Mapping[IPv4Address, frozenset[str]]:
    """Return the hardware addresses of those on the wire of *device*, whose own is *mac*, that have *addresses*.

    Takes about a second, and raises `OSError`: `PermissionError` without CAP_NET_RAW.
    """
    loop = asyncio.get_running_loop()
    found: dict[IPv4Address, set[str]] = {}
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ARP)) as wire:
        wire.settimeout(0)
        wire.bind((device, _ETH_P_ARP))
        for _ in range(_PROBES):
            for address in addresses:
                await loop.sock_sendall(wire, probe(address, bytes.fromhex(mac.replace(":", ""))))
            async for frame in _frames(wire, loop.time() + _PAUSE):
                said = owner(frame)
                if said is not None and said[0] in addresses:
                    found.setdefault(said[0], set()).add(said[1].hex(":"))
    return {address: frozenset(macs) for address, macs in found.items()}


async def _frames(wire: socket.socket, until: float) -> AsyncIterator[bytes]:
    """Yield what is heard on *wire* until the loop's time *until*, however much that is."""
    loop = asyncio.get_running_loop()
    while loop.time() < until:
        try:
            async with asyncio.timeout_at(until):
                frame = await loop.sock_recv(wire, _LONGEST)
        except TimeoutError:
            return
        yield frame
