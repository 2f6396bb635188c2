"""ARP probes, and what is made of the frames that come."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.cluster.wire.arp import announcement, owner, probe

MAC = bytes.fromhex("020000000007")
VIP = IPv4Address("192.0.2.100")
ANSWER = bytes.fromhex("02000000000102000000000708060001080006040002020000000007c000026402000000000100000000")


def test_a_probe_is_laid_out_as_rfc_5227_has_it() -> None:
    assert probe(VIP, MAC) == bytes.fromhex(
        "ffffffffffff0200000000070806000108000604000102000000000700000000000000000000c0000264"
    )


def test_an_answer_names_its_sender_and_a_probe_nobody() -> None:
    assert owner(ANSWER) == (VIP, MAC)
    assert owner(ANSWER + bytes(18)) == (VIP, MAC)  # padded to the shortest frame
    assert owner(probe(VIP, MAC)) is None


@pytest.mark.parametrize("place", [14, 16, 18, 19])
def test_another_kind_of_network_is_left_out(place: int) -> None:
    assert owner(ANSWER[:place] + b"\x7f" + ANSWER[place + 1 :]) is None


@given(st.binary(max_size=64))
def test_no_frame_is_an_error(frame: bytes) -> None:
    found = owner(frame)
    assert found is None or found[0].packed in frame


@pytest.mark.parametrize(
    ("reply", "middle"),
    [
        (False, "0001 020000000007 c0000264 000000000000 c0000264"),
        (True, "0002 020000000007 c0000264 020000000007 c0000264"),
    ],
)
def test_an_announcement_is_a_claim(reply: bool, middle: str) -> None:
    frame = announcement(VIP, MAC, reply=reply)
    assert frame == bytes.fromhex(f"ffffffffffff 020000000007 0806 0001 0800 06 04 {middle}")
    assert owner(frame) == (VIP, MAC)
