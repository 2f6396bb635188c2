"""Neighbour discovery for IPv6 (RFC 4861): who has an address, asked as duplicate address detection asks it, and told.

A probe is the solicitation of RFC 4862 §5.4.2: it comes from the unspecified address, so that it claims nothing.  An
announcement is the unsolicited advertisement of RFC 4861 §7.2.6, which overrides what neighbours have known.
"""

import struct
from ipaddress import IPv6Address

_ETHERNET = struct.Struct("!6s6sH")
_IPV6 = struct.Struct("!IHBB16s16s")  # RFC 8200
_PSEUDO_HEADER = struct.Struct("!16s16sI3xB")
_MESSAGE = struct.Struct("!BBHI16s")  # type, code, checksum, flags, target
_LINK_ADDRESS = struct.Struct("!BB6s")
_ETH_P_IPV6, _VERSION = 0x86DD, 6 << 28
ICMPV6 = 58
_SOLICITATION, ADVERTISEMENT = 135, 136
_FROM_ROUTER, _OVERRIDE = 0x80000000, 0x20000000
_TARGET_LINK_ADDRESS = 2
HOPS = 255
"""What a router has passed on has fewer, and counts for nothing (RFC 4861 §7.1)."""
_ALL_NODES = IPv6Address("ff02::1")
_NOBODY = IPv6Address(0)
_SOLICITED = int(IPv6Address("ff02::1:ff00:0"))


def probe(address: IPv6Address, mac: bytes) -> bytes:
    """Return the frame with which the device *mac* asks who has *address*; its owner answers to all."""
    message = _MESSAGE.pack(_SOLICITATION, 0, 0, 0, address.packed)
    return _frame(mac, _NOBODY, IPv6Address(_SOLICITED | int(address) & 0xFFFFFF), message)


def announcement(address: IPv6Address, mac: bytes, *, router: bool) -> bytes:
    """Return the frame by which the device *mac* tells all that it has *address*; *router*: it forwards packets."""
    flags = _OVERRIDE | (_FROM_ROUTER if router else 0)
    message = _MESSAGE.pack(ADVERTISEMENT, 0, 0, flags, address.packed)
    return _frame(mac, address, _ALL_NODES, message + _LINK_ADDRESS.pack(_TARGET_LINK_ADDRESS, 1, mac))


def owner(message: bytes) -> tuple[IPv6Address, bytes] | None:
    """Return the address that the sender of an ICMPv6 *message* says it has, and its hardware address.

    None: it says none; the hardware address is empty if it leaves that out.
    """
    if len(message) < _MESSAGE.size:
        return None
    kind, code, _, _, target = _MESSAGE.unpack_from(message)
    if (kind, code) != (ADVERTISEMENT, 0):
        return None
    options = message[_MESSAGE.size :]
    while len(options) >= _LINK_ADDRESS.size and (length := options[1]):
        if (options[0], length) == (_TARGET_LINK_ADDRESS, 1):
            return IPv6Address(target), options[2:8]
        options = options[8 * length :]
    return IPv6Address(target), b""


def _frame(mac: bytes, source: IPv6Address, to: IPv6Address, message: bytes) -> bytes:
    told = _PSEUDO_HEADER.pack(source.packed, to.packed, len(message), ICMPV6) + message
    summed = message[:2] + struct.pack("!H", _checksum(told)) + message[4:]
    header = _IPV6.pack(_VERSION, len(message), ICMPV6, HOPS, source.packed, to.packed)
    return _ETHERNET.pack(b"\x33\x33" + to.packed[12:], mac, _ETH_P_IPV6) + header + summed


def _checksum(data: bytes) -> int:
    """Return the Internet checksum of *data*, whose length is even (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
