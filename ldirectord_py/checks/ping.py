"""The ICMP echo check (RFC 792, RFC 4443)."""

import secrets
from dataclasses import dataclass
from typing import Literal

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

_TOKEN = 16
_DATA = 64
"""Bytes of data in the request, as in the original's."""
_HEADER = 8

_ECHO_REPLIED = up("echo replied")
_UNREACHABLE = down(Reason.UNREACHABLE, "the echo request could not be delivered: destination unreachable")
_CLOSED = down(Reason.CLOSED, "the echo request was not answered")


@dataclass(frozen=True, slots=True)
class _Types:
    """The message types of one address family."""

    request: int
    reply: int
    unreachable: int


_TYPES = {4: _Types(8, 0, 3), 6: _Types(128, 129, 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """Sends an echo request and expects its echo.

    Datagrams begin with their ICMP header.  A raw socket hears all that arrives here, so whatever is not
    about our request is passed over; a datagram socket's kernel puts in an identifier of its own.
    """

    family: Literal[4, 6] = 4

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        types = _TYPES[self.family]
        token = secrets.token_bytes(_TOKEN)
        request = _echo_request(types.request, token, checked=self.family == 4)
        await peer.send(request)
        while datagram := await peer.some():
            if datagram[:2] == bytes((types.reply, 0)) and datagram[_HEADER : _HEADER + _TOKEN] == token:
                return _ECHO_REPLIED
            if datagram[:1] == bytes((types.unreachable,)) and _quotes(datagram, request, self.family):
                return _UNREACHABLE
        return _CLOSED


def _echo_request(kind: int, token: bytes, *, checked: bool) -> bytes:
    """Return the message; the kernel fills in the checksum of ICMPv6 (RFC 3542 §3.1)."""
    # Identifier and sequence number are random too: an error may quote no more of us than them.
    body = token[:4] + token + bytes(_DATA - _TOKEN)
    head = bytes((kind, 0))
    checksum = _checksum(head + b"\0\0" + body) if checked else 0
    return head + checksum.to_bytes(2, "big") + body


def _checksum(message: bytes) -> int:
    """Return the internet checksum (RFC 1071) of a message of even length."""
    total = sum(int.from_bytes(message[index : index + 2], "big") for index in range(0, len(message), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def _quotes(datagram: bytes, request: bytes, family: int) -> bool:
    """Return whether an error is about *request*: it quotes the IP header and at least 8 bytes of the message."""
    packet = datagram[_HEADER:]
    if not packet:
        return False
    size = (packet[0] & 0x0F) * 4 if family == 4 else 40
    message = packet[size : size + _HEADER]
    return message[:1] == request[:1] and message[4:] == request[4:_HEADER]


def build_ping(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of `checktype=ping`."""
    address = configured.endpoint.address
    check = Ping(family=6 if address.version == 6 else 4)
    return BuiltCheck(check=check, target=configured.target(), asked=f"ping of {address}")
