import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.radius.packet import (
    Attribute,
    AttributeType,
    RadiusPacketError,
    access_request,
    answer_in,
    attribute,
    attributes,
    hidden,
    is_signed,
)

# RFC 2865 §7.1
SECRET = b"xyzzy5461"
ASKED_WITH = bytes.fromhex("0f403f9473978057bd83d5cb98f4227a")
ACCEPTED = bytes.fromhex("0200002686fe220e7624ba2a1005f6bf9b55e0b2060600000001 0f0600000000 0e06c0a80103")


def test_the_password_of_the_rfc_is_hidden_as_there() -> None:
    assert hidden(b"arctangent", ASKED_WITH, SECRET).hex() == "0dbe708d93d413ce3196e43f782a0aee"


def test_the_answer_of_the_rfc_is_signed() -> None:
    assert is_signed(answer_in(ACCEPTED), ASKED_WITH, SECRET)
    assert not is_signed(ACCEPTED, ASKED_WITH, b"xyzzy5462")
    assert not is_signed(ACCEPTED, bytes(16), SECRET)
    assert not is_signed(b"\x03" + ACCEPTED[1:], ASKED_WITH, SECRET)
    assert [(one.kind, one.content.hex()) for one in attributes(ACCEPTED)] == [
        (6, "00000001"),
        (15, "00000000"),
        (14, "c0a80103"),
    ]


@pytest.mark.parametrize(("length", "sent"), [(0, 16), (1, 16), (16, 16), (17, 32), (128, 128)])
def test_passwords_fill_whole_blocks(length: int, sent: int) -> None:
    assert len(hidden(b"p" * length, ASKED_WITH, SECRET)) == sent


def test_the_request_begins_with_its_signature() -> None:
    packet = access_request(7, ASKED_WITH, attribute(AttributeType.USER_NAME, b"nemo"), SECRET)
    assert packet[:20] == b"\x01\x07\x00\x2c" + ASKED_WITH
    first, second = attributes(packet)
    assert (first.kind, second) == (80, Attribute(1, 40, b"nemo"))
    assert hmac.digest(SECRET, packet.replace(first.content, bytes(16)), "md5") == first.content


@pytest.mark.parametrize("size", [0, 19, 39, 65535])
def test_a_length_that_cannot_be_is_malformed(size: int) -> None:
    with pytest.raises(RadiusPacketError, match=f"^38 bytes came, and the length in them is {size}$"):
        answer_in(ACCEPTED[:2] + size.to_bytes(2, "big") + ACCEPTED[4:])


def test_padding_is_passed_over() -> None:
    assert answer_in(ACCEPTED + b"padding") == ACCEPTED


@pytest.mark.parametrize("tail", [b"\x06", b"\x06\x00", b"\x06\x01", b"\x06\x05ab", b"\x06\x03a\x06"])
def test_an_attribute_without_proper_length_is_malformed(tail: bytes) -> None:
    with pytest.raises(RadiusPacketError, match=r"^the attribute at byte 2[03] has no proper length$"):
        attributes(bytes(20) + tail)


@given(st.lists(st.tuples(st.sampled_from(AttributeType), st.binary(max_size=253)), max_size=10))
def test_attributes_are_read_as_they_were_written(listed: list[tuple[AttributeType, bytes]]) -> None:
    packet = bytes(20) + b"".join(attribute(kind, content) for kind, content in listed)
    assert [(one.kind, one.content) for one in attributes(packet)] == listed
