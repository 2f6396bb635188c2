import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.ipvs.netlink import (
    Flag,
    MessageType,
    NetlinkMessage,
    WireError,
    attributes,
    envelopes,
    messages,
    pack_nest,
    pack_text,
    text,
)


@given(st.lists(st.binary(max_size=40), min_size=1), st.integers(0, 2**32 - 1))
def test_messages_come_out_of_a_datagram_as_they_went_in(bodies: list[bytes], sequence: int) -> None:
    found = list(messages(memoryview(envelopes(31, Flag.REQUEST | Flag.ACK, sequence, bodies))))
    assert [message.body for message in found] == bodies
    assert [message.sequence for message in found] == [(sequence + place) % 2**32 for place in range(len(bodies))]
    assert [message.flags for message in found] == [1] * (len(bodies) - 1) + [5]


@given(st.binary())
def test_a_rubbish_datagram_is_read_or_refused(rubbish: bytes) -> None:
    try:
        for message in messages(memoryview(rubbish)):
            attributes(message.body)
            message.errno()
    except WireError:
        return


@given(st.dictionaries(st.integers(1, 0x3FFF), st.text(st.characters(codec="utf-8", exclude_characters="\0"))))
def test_attributes_are_found_by_their_types(texts: dict[int, str]) -> None:
    found = attributes(b"".join(pack_text(kind, value) for kind, value in texts.items()))
    assert {kind: text(found, kind) for kind in found} == texts


def test_the_flags_of_an_attributes_type_are_set_aside() -> None:
    assert attributes(pack_nest(0x8002, b"\1\2\3\4")) == {2: b"\1\2\3\4"}


def test_a_status_bears_an_errno_and_needs_four_bytes() -> None:
    assert NetlinkMessage(MessageType.ERROR, 0, 1, struct.pack("=i", -17)).errno() == 17
    with pytest.raises(WireError, match="expected a status of 4 bytes, but got b''"):
        NetlinkMessage(MessageType.DONE, 0, 1, b"").errno()
