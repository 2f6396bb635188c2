"""The Basic Encoding Rules, as far as LDAP uses them (X.690, within the bounds of RFC 4511 §5.1)."""

from collections.abc import Iterator
from typing import NamedTuple

BOOLEAN, INTEGER, OCTET_STRING, ENUMERATED, SEQUENCE, SET = 0x01, 0x02, 0x04, 0x0A, 0x30, 0x31

LONGEST_LENGTH = 4
"""Bytes that a length may take: some servers always take them all."""


class BerError(ValueError):
    """Bytes that are no element, or not the one that is due; the message says why."""


class Element(NamedTuple):
    """A tag and what stands under it."""

    # An entry has many: a tuple is made in a third of a frozen dataclass's time.

    tag: int
    content: bytes

    def parts(self) -> Iterator["Element"]:
        """Yield the elements that this one is made of; raises `BerError` where they end."""
        content, place = self.content, 0
        while place < len(content):
            tag, start, end = _header(content, place)
            yield Element(tag, content[start:end])
            place = end

    def number(self) -> int:
        """Return the value of a small integer or enumeration; raises `BerError`."""
        if not 1 <= len(self.content) <= 4:
            raise BerError(f"a number of {len(self.content)} bytes")
        return int.from_bytes(self.content, "big", signed=True)


def element(tag: int, content: bytes) -> bytes:
    """Return an element as it is sent."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def number(tag: int, value: int) -> bytes:
    """Return an integer or enumeration of 0 to 127 as it is sent."""
    return element(tag, bytes((value,)))


def length_follows(first: int) -> int:
    """Return in how many bytes after *first*, the first one of a length, the length itself is; raises `BerError`."""
    if first < 0x80:
        return 0
    if not 1 <= first & 0x7F <= LONGEST_LENGTH:
        raise BerError("a length without end, or of too many bytes")
    return first & 0x7F


def _header(content: bytes, place: int) -> tuple[int, int, int]:
    """Return the tag of the element at *place*, and where its content starts and ends."""
    if place + 2 > len(content):
        raise BerError("an element without length")
    start = place + 2 + length_follows(content[place + 1])
    size = int.from_bytes(content[place + 2 : start], "big") if start > place + 2 else content[place + 1]
    if start + size > len(content):
        raise BerError("an element longer than what it is part of")
    return content[place], start, start + size
