"""The netlink envelope and its attributes, as bytes: RFC 3549 §2.3, `<linux/netlink.h>`, `<linux/genetlink.h>`."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum, IntFlag
from struct import Struct
from typing import NamedTuple


class WireError(Exception):
    """Bytes that are not the message that was expected, or a value that no message can carry."""


class Flag(IntFlag):
    """`NLM_F_*`."""

    NONE = 0
    REQUEST = 0x001
    ACK = 0x004
    DUMP_INTERRUPTED = 0x010
    DUMP = 0x300


class MessageType(IntEnum):
    """The message types that all families share."""

    ERROR = 2
    DONE = 3


class NetlinkMessage(NamedTuple):
    """One message of a datagram (a named tuple: made by the ten thousand, at a third of a dataclass's price)."""

    kind: int
    flags: int
    sequence: int
    body: bytes  # what follows the netlink header

    def errno(self) -> int:
        """Return the error number that an ERROR or a DONE bears; 0: none."""
        if len(self.body) < _STATUS.size:
            raise WireError(f"expected a status of 4 bytes, but got {self.body!r}")
        (status,) = _STATUS.unpack_from(self.body)
        return -int(status)


_HEADER = Struct("=IHHII")
_STATUS = Struct("=i")
_ATTRIBUTE = Struct("=HH")
_TYPE_MASK = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER

_U16 = Struct("=HHHxx")
_U32 = Struct("=HHI")


def envelopes(kind: int, flags: Flag, sequence: int, bodies: Sequence[bytes]) -> bytes:
    """Return *bodies* as one datagram, numbered from *sequence*; only the last asks for an acknowledgement."""
    parts: list[bytes] = []
    last = len(bodies) - 1
    for place, body in enumerate(bodies):
        number = (sequence + place) & 0xFFFFFFFF
        each = flags if place == last else flags & ~Flag.ACK
        parts += (_HEADER.pack(_HEADER.size + len(body), kind, each, number, 0), body, bytes(-len(body) % 4))
    return b"".join(parts)


def messages(datagram: memoryview) -> Iterator[NetlinkMessage]:
    """Yield the messages of *datagram* in order; raise `WireError` where it is no sequence of such."""
    start, end = 0, len(datagram)
    while end - start >= _HEADER.size:
        size, kind, flags, sequence, _ = _HEADER.unpack_from(datagram, start)
        if not _HEADER.size <= size <= end - start:
            raise WireError(f"expected a message of at most {end - start} bytes, but its header says {size}")
        yield NetlinkMessage(kind, flags, sequence, bytes(datagram[start + _HEADER.size : start + size]))
        start += (size + 3) & ~3


def attributes(block: bytes) -> dict[int, bytes]:
    """Return the attributes of *block* by their types; raise `WireError` where it is no sequence of such."""
    found = {}
    start, end = 0, len(block)
    while end - start >= _ATTRIBUTE.size:
        size, kind = _ATTRIBUTE.unpack_from(block, start)
        if not _ATTRIBUTE.size <= size <= end - start:
            raise WireError(f"expected an attribute of at most {end - start} bytes, but its header says {size}")
        found[kind & _TYPE_MASK] = block[start + _ATTRIBUTE.size : start + size]
        start += (size + 3) & ~3
    return found


def pack_u16(kind: int, number: int) -> bytes:
    """Return an attribute that holds a number of 16 bits."""
    return _U16.pack(6, kind, number)


def pack_u32(kind: int, number: int) -> bytes:
    """Return an attribute that holds a number of 32 bits."""
    return _U32.pack(8, kind, number)


def pack_nest(kind: int, block: bytes) -> bytes:
    """Return an attribute that holds the attributes *block*."""
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(block), kind) + block


def pack_bytes(kind: int, raw: bytes) -> bytes:
    """Return an attribute that holds *raw*."""
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(raw), kind) + raw + bytes(-len(raw) % 4)


def pack_text(kind: int, text: str) -> bytes:
    """Return an attribute that holds *text*, ended by a zero byte (NLA_NUL_STRING)."""
    return pack_bytes(kind, text.encode() + b"\0")


def header_of(kind: int, length: int) -> int:
    """Return the header of an attribute of *length* bytes as the number that its four bytes make."""
    return int.from_bytes(_ATTRIBUTE.pack(_ATTRIBUTE.size + length, kind), sys.byteorder)


def exactly(found: Mapping[int, bytes], kind: int, length: int) -> bytes:
    """Return the attribute *kind*, of which *length* bytes are expected."""
    value = found.get(kind)
    if value is None or len(value) != length:
        raise WireError(f"expected attribute {kind} of {length} bytes, but got {value!r}")
    return value


def u16(found: Mapping[int, bytes], kind: int) -> int:
    """Return the attribute *kind* as a number of 16 bits."""
    return int.from_bytes(exactly(found, kind, 2), sys.byteorder)


def u32(found: Mapping[int, bytes], kind: int) -> int:
    """Return the attribute *kind* as a number of 32 bits."""
    return int.from_bytes(exactly(found, kind, 4), sys.byteorder)


def u64(found: Mapping[int, bytes], kind: int) -> int:
    """Return the attribute *kind* as a number of 64 bits."""
    return int.from_bytes(exactly(found, kind, 8), sys.byteorder)


def text(found: Mapping[int, bytes], kind: int) -> str:
    """Return the attribute *kind* as text; empty where there is none."""
    return found.get(kind, b"").partition(b"\0")[0].decode(errors="replace")
