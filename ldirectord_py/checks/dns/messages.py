"""DNS messages, as far as asking for an address or a name goes (RFC 1035 §4.1); names are dnspython's affair.

Its reader of whole messages takes 0.1 ms and more for each record, in the daemon's only thread; this one
takes a hundredth of that, passes over what does not count, and is held against dnspython's in the tests.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

import dns.exception
import dns.ipv6
import dns.name
import dns.rcode

MOST_ADDRESSES = 256
"""Addresses of an answer that are looked at, so that none holds up the other checks."""
MOST_NAMES = 8
"""The same for names, which may take a third of a millisecond each."""

_HEADER = 12
_RECURSION_DESIRED = b"\x01\x00"
_RESPONSE, _TRUNCATED = 0x80, 0x02  # in the header's third byte
_RCODE = 0x0F  # in its fourth
_POINTER = 0xC0
_INTERNET = 1


class RecordType(StrEnum):
    """What can be asked for."""

    A = "A"
    AAAA = "AAAA"
    PTR = "PTR"


_NUMBERS = {RecordType.A: 1, RecordType.PTR: 12, RecordType.AAAA: 28}
_TYPES = {number: kind for kind, number in _NUMBERS.items()}


class DnsMessageError(ValueError):
    """A message that is none; the text says why."""


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """What an answer says."""

    code: int
    truncated: bool
    records: tuple[bytes, ...]
    """Addresses, and names without their final dot, as text."""

    @property
    def code_name(self) -> str:
        """The code's usual name: `NXDOMAIN`."""
        return dns.rcode.to_text(dns.rcode.Rcode.make(self.code))


def query_of(name: str, kind: RecordType) -> bytes:
    """Return a query but for its identifier, the first two bytes; raises `ValueError` where *name* is none."""
    try:
        asked = dns.name.from_text(name).to_digestable()
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(str(error)) from error
    counts = b"\0\1" + bytes(6)
    return _RECURSION_DESIRED + counts + asked + _NUMBERS[kind].to_bytes(2, "big") + _INTERNET.to_bytes(2, "big")


def is_about(query: bytes, message: bytes) -> bool:
    """Return whether *message* answers *query* (or is its echo): the same identifier, the same question.

    A refusal may come without the question.  A name may come back in other letter case; its length
    bytes are below 64, where there are no letters.
    """
    if message[:2] != query[:2] or len(message) < _HEADER:
        return False
    bare = message[4:6] == b"\0\0" and message[3] & _RCODE
    return bool(bare) or message[_HEADER : len(query)].lower() == query[_HEADER:].lower()


def is_response(message: bytes) -> bool:
    """Return whether *message* is an answer at all."""
    return bool(message[2] & _RESPONSE)


def read_answer(message: bytes) -> DnsAnswer:
    """Return what *message*, which has a header, says; raises `DnsMessageError`."""
    truncated = bool(message[2] & _TRUNCATED)
    place, left = _HEADER, MOST_ADDRESSES
    records: list[bytes] = []
    try:
        for _ in range(int.from_bytes(message[4:6], "big")):
            place = _after_name(message, place) + 4
        for _ in range(int.from_bytes(message[6:8], "big")):
            start = _after_name(message, place) + 10
            kind, group = int.from_bytes(message[start - 10 : start - 8], "big"), message[start - 7]
            place = start + int.from_bytes(message[start - 2 : start], "big")
            if place > len(message):
                raise DnsMessageError("a record longer than the message")
            if kind in _TYPES and group == _INTERNET:
                records.append(_shown(message, _TYPES[kind], start, place))
                left -= MOST_ADDRESSES // MOST_NAMES if kind == _NUMBERS[RecordType.PTR] else 1
                if left <= 0:
                    break
    except IndexError:
        raise DnsMessageError("it ends within a record") from None
    return DnsAnswer(message[3] & _RCODE, truncated, tuple(records))


def _after_name(message: bytes, place: int) -> int:
    """Return where the name at *place* ends; raises `DnsMessageError`, `IndexError`."""
    while size := message[place]:
        if size >= _POINTER:
            return place + 2
        if size > 63:
            raise DnsMessageError("a name with a label of no known type")
        place += size + 1
    return place + 1


def _shown(message: bytes, kind: RecordType, start: int, end: int) -> bytes:
    """Return the record's content as text; raises `DnsMessageError`."""
    try:
        match kind:
            case RecordType.A:
                return str(IPv4Address(message[start:end])).encode()
            case RecordType.AAAA:
                # Written alike by every version of Python, unlike IPv6Address: 3.13 changed `::ffff:10.0.0.1`.
                return dns.ipv6.inet_ntoa(message[start:end]).encode()
            case RecordType.PTR:
                return dns.name.from_wire(message[:end], start)[0].to_text(omit_final_dot=True).encode()
    except (ValueError, dns.exception.DNSException) as error:
        raise DnsMessageError(f"a record of type {kind} whose content, {end - start} bytes, is none") from error
