"""ARP for IPv4: probes (RFC 5227 §2.1.1), which nobody takes for a claim, and announcements (§2.3), which are one."""

import struct
from ipaddress import IPv4Address

_ETHERNET = struct.Struct("!6s6sH")
_ARP = struct.Struct("!HHBBH6s4s6s4s")  # RFC 826
ETH_P_ARP = 0x0806
_ETH_P_IP, _HARDWARE_ETHERNET = 0x0800, 1
_REQUEST, _REPLY = 1, 2
_BROADCAST, _NOBODY = b"\xff" * 6, b"\0" * 6


def probe(address: IPv4Address, mac: bytes) -> bytes:
    """Return the frame with which the device *mac* asks who has *address*; its own address is told to nobody."""
    return _frame(mac, _REQUEST, sender=bytes(4), target=(_NOBODY, address))


def announcement(address: IPv4Address, mac: bytes, *, reply: bool) -> bytes:
    """Return the frame by which the device *mac* says that it has *address*: a request, or an unasked *reply*.

    Most hosts heed both; some heed the one or the other only.
    """
    kind, told = (_REPLY, mac) if reply else (_REQUEST, _NOBODY)
    return _frame(mac, kind, sender=address.packed, target=(told, address))


def owner(frame: bytes) -> tuple[IPv4Address, bytes] | None:
    """Return the address that the sender of *frame* says it has, and its hardware address; None: it says none."""
    if len(frame) < _ETHERNET.size + _ARP.size:
        return None
    hardware, protocol, long, short, _, mac, sender, _, _ = _ARP.unpack_from(frame, _ETHERNET.size)
    if (hardware, protocol, long, short) != (_HARDWARE_ETHERNET, _ETH_P_IP, 6, 4) or sender == bytes(4):
        return None
    return IPv4Address(sender), mac


def _frame(mac: bytes, kind: int, *, sender: bytes, target: tuple[bytes, IPv4Address]) -> bytes:
    hardware, address = target
    message = _ARP.pack(
        *(_HARDWARE_ETHERNET, _ETH_P_IP, 6, 4, kind),
        *(mac, sender, hardware, address.packed),
    )
    return _ETHERNET.pack(_BROADCAST, mac, ETH_P_ARP) + message
