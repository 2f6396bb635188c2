"""RADIUS packets, as far as logging in with a password goes (RFC 2865), signed as a whole (RFC 3579)."""

import hmac
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from hashlib import md5

HEADER = 20
LONGEST_PACKET = 4096
"""Bytes, RFC 2865 §3."""
LONGEST_PASSWORD = 128
"""Bytes, RFC 2865 §5.2."""
LONGEST_TEXT = 253
"""Bytes: what an attribute holds, RFC 2865 §5."""
AUTHENTICATOR = 16

# RFC 2865 knows MD5 only. The library is told that it does not serve security, as systems that forbid it for that
# (FIPS) are to check their RADIUS servers too.
_MD5 = partial(md5, usedforsecurity=False)


class Code(IntEnum):
    """What a packet says (RFC 2865 §4)."""

    ACCESS_REQUEST = 1
    ACCESS_ACCEPT = 2
    ACCESS_REJECT = 3
    ACCESS_CHALLENGE = 11


class AttributeType(IntEnum):
    """What an attribute is about (RFC 2865 §5, RFC 3579 §3.2)."""

    USER_NAME = 1
    USER_PASSWORD = 2
    REPLY_MESSAGE = 18
    NAS_IDENTIFIER = 32
    MESSAGE_AUTHENTICATOR = 80


class RadiusPacketError(ValueError):
    """A packet that is none; the message says why."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a packet."""

    kind: int
    start: int
    """Where in the packet its content begins."""
    content: bytes


def attribute(kind: AttributeType, content: bytes) -> bytes:
    """Return an attribute as it is sent."""
    return bytes((kind, 2 + len(content))) + content


def attributes(packet: bytes) -> list[Attribute]:
    """Return the attributes of *packet*; raises `RadiusPacketError`."""
    found, place = [], HEADER
    while place < len(packet):
        size = packet[place + 1] if place + 1 < len(packet) else 0
        if size < 2 or place + size > len(packet):
            raise RadiusPacketError(f"the attribute at byte {place} has no proper length")
        found.append(Attribute(packet[place], place + 2, packet[place + 2 : place + size]))
        place += size
    return found


def access_request(identifier: int, authenticator: bytes, content: bytes, secret: bytes) -> bytes:
    """Return a request with the attributes *content*.

    Its Message-Authenticator stands first: there it also keeps others from making an Access-Accept out of
    an Access-Reject (CVE-2024-3596, BlastRADIUS), and servers that know of it insist on one.
    """
    size = HEADER + 2 + AUTHENTICATOR + len(content)
    head = bytes((Code.ACCESS_REQUEST, identifier)) + size.to_bytes(2, "big") + authenticator
    unsigned = head + attribute(AttributeType.MESSAGE_AUTHENTICATOR, bytes(AUTHENTICATOR)) + content
    return head + attribute(AttributeType.MESSAGE_AUTHENTICATOR, _signature(unsigned, secret)) + content


def hidden(password: bytes, authenticator: bytes, secret: bytes) -> bytes:
    """Return a password as it is sent: each block under a pad made of the one before (RFC 2865 §5.2)."""
    size = max(1, -(-len(password) // AUTHENTICATOR)) * AUTHENTICATOR
    padded = password.ljust(size, b"\0")
    sent, last = b"", authenticator
    for start in range(0, size, AUTHENTICATOR):
        pad = _MD5(secret + last).digest()
        last = bytes(left ^ right for left, right in zip(padded[start : start + AUTHENTICATOR], pad, strict=True))
        sent += last
    return sent


def answer_in(datagram: bytes) -> bytes:
    """Return the packet in *datagram* without the padding behind it (RFC 2865 §3); raises `RadiusPacketError`."""
    size = int.from_bytes(datagram[2:4], "big")
    if not HEADER <= size <= min(len(datagram), LONGEST_PACKET):
        raise RadiusPacketError(f"{len(datagram)} bytes came, and the length in them is {size}")
    return datagram[:size]


def is_signed(packet: bytes, authenticator: bytes, secret: bytes) -> bool:
    """Return whether *packet* answers the request with *authenticator*, and comes from who knows *secret*.

    A Message-Authenticator has to be right where there is one: older servers send none.  Raises `RadiusPacketError`.
    """
    asked = packet[:4] + authenticator + packet[HEADER:]
    if not hmac.compare_digest(_MD5(asked + secret).digest(), packet[4:HEADER]):
        return False
    for one in attributes(packet):
        if one.kind == AttributeType.MESSAGE_AUTHENTICATOR:
            blank = asked[: one.start] + bytes(len(one.content)) + asked[one.start + len(one.content) :]
            return hmac.compare_digest(_signature(blank, secret), one.content)
    return True


def _signature(packet: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, packet, _MD5).digest()
