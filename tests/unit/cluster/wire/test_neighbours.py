"""Frames of neighbour discovery, and what is made of the messages that come."""

import struct
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.cluster.wire.neighbours import announcement, owner, probe

MAC = bytes.fromhex("020000000007")
VIP = IPv6Address("2001:db8::5e:100")
ETHERNET, HEADER = 14, 40


def ones(data: bytes) -> int:
    """Return the sum in ones' complement, which is all ones where a checksum is right."""
    total = 0
    for (word,) in struct.iter_unpack("!H", data):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    return total


def sums_up(frame: bytes) -> bool:
    header, message = frame[ETHERNET : ETHERNET + HEADER], frame[ETHERNET + HEADER :]
    return ones(header[8:] + struct.pack("!II", len(message), header[6]) + message) == 0xFFFF


def test_a_probe_is_laid_out_as_rfc_4862_has_it() -> None:
    frame = probe(VIP, MAC)
    assert frame[:ETHERNET] == bytes.fromhex("3333ff5e0100 020000000007 86dd")
    assert frame[ETHERNET : ETHERNET + HEADER] == (
        bytes.fromhex("60000000 0018 3a ff") + bytes(16) + IPv6Address("ff02::1:ff5e:100").packed
    )
    assert frame[ETHERNET + HEADER :][:2] == bytes((135, 0))
    assert frame[ETHERNET + HEADER + 8 :] == VIP.packed
    assert sums_up(frame)


@pytest.mark.parametrize(("router", "flags"), [(False, 0x20), (True, 0xA0)])
def test_an_announcement_overrides_and_names_the_hardware_address(router: bool, flags: int) -> None:
    frame = announcement(VIP, MAC, router=router)
    message = frame[ETHERNET + HEADER :]
    assert frame[:6] == bytes.fromhex("333300000001")
    assert frame[ETHERNET + 8 : ETHERNET + 24] == VIP.packed
    assert (message[0], message[4]) == (136, flags)
    assert message[8:] == VIP.packed + bytes((2, 1)) + MAC
    assert sums_up(frame)


def test_an_advertisement_names_its_sender_and_a_probe_nobody() -> None:
    message = announcement(VIP, MAC, router=False)[ETHERNET + HEADER :]
    assert owner(message) == (VIP, MAC)
    assert owner(message[:24]) == (VIP, b"")
    assert owner(message[:24] + bytes((14, 1)) + bytes(6) + message[24:]) == (VIP, MAC)
    assert owner(message[:24] + bytes(8)) == (VIP, b"")  # an option without a length
    assert owner(probe(VIP, MAC)[ETHERNET + HEADER :]) is None


@given(st.binary(max_size=64))
def test_no_message_is_an_error(message: bytes) -> None:
    found = owner(b"\x88\x00" + message)
    assert found is None or found[0].packed in message
