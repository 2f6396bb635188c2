"""The few messages of LDAPv3 that a check sends and reads (RFC 4511)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

from ldirectord_py.checks.codecs import ber
from ldirectord_py.checks.codecs.ber import BerError, Element
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checks.conversation import Peer, PeerTooLong

MOST_MESSAGE = 128 * 1024
"""Bytes of one message."""
MOST_VALUES = 1000
"""Values of an entry that are looked at: more would hold up the other checks."""

_VERSION = 3
_BASE_OBJECT, _NEVER_DEREFERENCE = 0, 0
_SIMPLE = 0x80
_PRESENT = 0x87
_NO_ATTRIBUTES = (b"1.1",)
"""RFC 4511 §4.5.1.8."""
_ALL_ATTRIBUTES = (b"*", b"+")
"""The user's and the operational ones (RFC 3673): the root DSE has hardly any of the former."""


class Operation(IntEnum):
    """The tags of the messages."""

    BIND_REQUEST = 0x60
    BIND_RESPONSE = 0x61
    UNBIND_REQUEST = 0x42
    SEARCH_REQUEST = 0x63
    SEARCH_ENTRY = 0x64
    SEARCH_DONE = 0x65
    SEARCH_REFERENCE = 0x73
    EXTENDED_RESPONSE = 0x78
    INTERMEDIATE_RESPONSE = 0x79


_RESULTS = {
    1: "operationsError",
    2: "protocolError",
    3: "timeLimitExceeded",
    7: "authMethodNotSupported",
    8: "strongerAuthRequired",
    10: "referral",
    11: "adminLimitExceeded",
    13: "confidentialityRequired",
    32: "noSuchObject",
    34: "invalidDNSyntax",
    48: "inappropriateAuthentication",
    49: "invalidCredentials",
    50: "insufficientAccessRights",
    51: "busy",
    52: "unavailable",
    53: "unwillingToPerform",
    80: "other",
}
"""RFC 4511 appendix A."""


@dataclass(frozen=True, slots=True)
class Result:
    """How an operation ended; 0 is success."""

    code: int
    message: bytes

    @property
    def name(self) -> str:
        """The code as in the RFC: `noSuchObject (32)`."""
        return f"{_RESULTS.get(self.code, 'result')} ({self.code})"


@dataclass(frozen=True, slots=True)
class LdapMessage:
    """One message of the server."""

    number: int
    """Of the request that it answers; 0: of none."""
    operation: int
    content: Element

    def result(self) -> Result:
        """Return how the operation ended; raises `BerError`."""
        match list(islice(self.content.parts(), 3)):
            case [
                Element(tag=ber.ENUMERATED) as code,
                Element(tag=ber.OCTET_STRING),
                Element(tag=ber.OCTET_STRING) as text,
            ]:
                return Result(code.number(), text.content)
            case _:
                raise BerError("a result without code, name or message")

    def name(self) -> bytes:
        """Return the name of a search's entry; raises `BerError`."""
        match next(self.content.parts(), None):
            case Element(tag=ber.OCTET_STRING, content=name):
                return name
            case _:
                raise BerError("an entry without name")

    def values(self) -> Iterator[bytes]:
        """Yield the attributes of a search's entry as `TYPE: VALUE`, the first ones; raises `BerError`."""
        return islice(self._values(), MOST_VALUES)

    def _values(self) -> Iterator[bytes]:
        lists = islice(self.content.parts(), 1, 2)
        for attribute in islice((attribute for one in lists for attribute in one.parts()), MOST_VALUES):
            match list(islice(attribute.parts(), 2)):
                case [Element(tag=ber.OCTET_STRING, content=kind), Element(tag=ber.SET) as values]:
                    yield from (b"%b: %b" % (kind, value.content) for value in values.parts())
                case _:
                    raise BerError("an attribute without type or values")


def bind_request(number: int, name: bytes, password: bytes) -> bytes:
    """Return a simple bind; with neither name nor password it is anonymous (RFC 4511 §4.2, RFC 4513 §5.1.1)."""
    content = ber.number(ber.INTEGER, _VERSION) + ber.element(ber.OCTET_STRING, name) + ber.element(_SIMPLE, password)
    return _message(number, ber.element(Operation.BIND_REQUEST, content))


def search_request(number: int, base: bytes, *, attributes: bool) -> bytes:
    """Return a search for the entry *base*, whatever it is, without limits of our own (RFC 4511 §4.5.1)."""
    wanted = _ALL_ATTRIBUTES if attributes else _NO_ATTRIBUTES
    content = b"".join(
        (
            ber.element(ber.OCTET_STRING, base),
            ber.number(ber.ENUMERATED, _BASE_OBJECT),
            ber.number(ber.ENUMERATED, _NEVER_DEREFERENCE),
            ber.number(ber.INTEGER, 0),
            ber.number(ber.INTEGER, 0),
            ber.number(ber.BOOLEAN, 0),
            ber.element(_PRESENT, b"objectClass"),
            ber.element(ber.SEQUENCE, b"".join(ber.element(ber.OCTET_STRING, name) for name in wanted)),
        )
    )
    return _message(number, ber.element(Operation.SEARCH_REQUEST, content))


def unbind_request(number: int) -> bytes:
    """Return the goodbye, which is not answered (RFC 4511 §4.3)."""
    return _message(number, ber.element(Operation.UNBIND_REQUEST, b""))


def _message(number: int, operation: bytes) -> bytes:
    return ber.element(ber.SEQUENCE, ber.number(ber.INTEGER, number) + operation)


async def read_message(peer: Peer) -> LdapMessage:
    """Read one message; raises `BerError`, and `PeerTooLong` for one that is too long to be looked at."""
    head = await peer.exactly(2)
    if head[0] != ber.SEQUENCE:
        raise BerError(f"it begins with {quoted(head)}")
    more = ber.length_follows(head[1])
    size = int.from_bytes(await peer.exactly(more), "big") if more else head[1]
    if size > MOST_MESSAGE:
        raise PeerTooLong(f"the server announced a message of {size} bytes, expected {MOST_MESSAGE} at most")
    match list(islice(Element(ber.SEQUENCE, await peer.exactly(size)).parts(), 2)):
        case [Element(tag=ber.INTEGER) as number, operation]:
            return LdapMessage(number.number(), operation.tag, operation)
        case _:
            raise BerError("a message without number or operation")
