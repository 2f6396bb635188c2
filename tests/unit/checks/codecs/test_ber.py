import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.codecs.ber import (
    ENUMERATED,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    BerError,
    Element,
    element,
    length_follows,
    number,
)


@pytest.mark.parametrize(
    ("size", "header"),
    [
        (0, "0400"),
        (127, "047f"),
        (128, "048180"),
        (255, "0481ff"),
        (256, "04820100"),
        (65536, "0483010000"),
    ],
)
def test_lengths_are_as_short_as_may_be(size: int, header: str) -> None:
    assert element(OCTET_STRING, b"x" * size) == bytes.fromhex(header) + b"x" * size


@pytest.mark.parametrize("length", ["02", "8102", "820002", "8400000002"])
def test_lengths_may_be_longer_than_need_be(length: str) -> None:
    assert list(Element(SEQUENCE, b"\x04" + bytes.fromhex(length) + b"ab").parts()) == [Element(OCTET_STRING, b"ab")]


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=300)), max_size=8))
def test_parts_are_read_as_they_were_written(parts: list[tuple[int, bytes]]) -> None:
    whole = Element(SEQUENCE, b"".join(element(*part) for part in parts))
    assert [(part.tag, part.content) for part in whole.parts()] == parts


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\x04", "an element without length"),
        (b"\x04\x01", "an element longer than what it is part of"),
        (b"\x04\x82\x01", "an element longer than what it is part of"),
        (b"\x04\x80\0\0", "a length without end, or of too many bytes"),
        (b"\x04\x85\0\0\0\0\0", "a length without end, or of too many bytes"),
        (b"\x04\xff", "a length without end, or of too many bytes"),
    ],
)
def test_what_is_no_element_is_malformed(content: bytes, complaint: str) -> None:
    with pytest.raises(BerError, match=f"^{complaint}$"):
        list(Element(SEQUENCE, content).parts())


@given(st.binary(max_size=60))
def test_no_bytes_crash_the_reader(content: bytes) -> None:
    try:
        parts = list(Element(SEQUENCE, content).parts())
    except BerError:
        return
    assert sum(len(part.content) + 2 for part in parts) <= len(content)


@pytest.mark.parametrize(
    ("content", "value"), [("00", 0), ("7f", 127), ("ff", -1), ("0100", 256), ("7fffffff", 2**31 - 1)]
)
def test_numbers_are_signed(content: str, value: int) -> None:
    assert Element(INTEGER, bytes.fromhex(content)).number() == value


@pytest.mark.parametrize("content", [b"", b"\0" * 5])
def test_numbers_are_small(content: bytes) -> None:
    with pytest.raises(BerError, match=f"^a number of {len(content)} bytes$"):
        Element(INTEGER, content).number()


def test_small_numbers_are_one_byte() -> None:
    assert number(ENUMERATED, 3) == b"\x0a\x01\x03"


@pytest.mark.parametrize(("first", "more"), [(0, 0), (0x7F, 0), (0x81, 1), (0x84, 4)])
def test_the_first_byte_of_a_length_says_how_many_follow(first: int, more: int) -> None:
    assert length_follows(first) == more
