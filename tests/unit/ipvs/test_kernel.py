"""What shows on a machine without IPVS; the rest is in `tests/lab/test_kernel_table.py`."""

import socket
from pathlib import Path

import pytest

from ldirectord_py.ipvs.channel import Channel, FamilyMissing
from ldirectord_py.ipvs.kernel import KernelTable
from ldirectord_py.ipvs.netlink import attributes, pack_text, u16
from ldirectord_py.model.errors import TableUnavailable


def test_a_family_that_the_kernel_does_not_have_is_missing() -> None:
    with pytest.raises(FamilyMissing, match="no-such-family"):
        Channel.open("no-such-family")


def test_the_kernels_own_control_family_is_found_and_answers() -> None:
    channel = Channel.open("nlctrl")
    answer = channel.ask(b"\x03\x02\0\0" + pack_text(2, "nlctrl"))
    assert u16(attributes(answer[4:]), 1) == 0x10
    assert not channel.rejoin()
    channel.close()


def test_a_dump_is_read_in_parts_and_may_be_left_for_another() -> None:
    channel = Channel.open("nlctrl")
    families = {u16(attributes(body[4:]), 1) for part in channel.dump(b"\x03\x02\0\0") for body in part}
    assert 0x10 in families
    next(channel.dump(b"\x03\x02\0\0"))
    again = {u16(attributes(body[4:]), 1) for part in channel.dump(b"\x03\x02\0\0") for body in part}
    assert again == families
    channel.close()


def test_requests_that_are_refused_are_told_by_their_place() -> None:
    channel = Channel.open("nlctrl")
    bad, good = b"\x03\x02\0\0" + pack_text(2, "no-such-family"), b"\x03\x02\0\0" + pack_text(2, "nlctrl")
    refused = channel.tell([bad, good, bad])
    assert refused == {0: 2, 2: 2}
    assert u16(attributes(channel.ask(good)[4:]), 1) == 0x10
    channel.close()


def test_requests_whose_answers_found_no_room_are_sent_again() -> None:
    channel = Channel.open("nlctrl")
    channel._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    bad = b"\x03\x02\0\0" + pack_text(2, "no-such-family")
    assert channel.tell([bad] * 200) == dict.fromkeys(range(200), 2)
    channel.close()


@pytest.mark.skipif(Path("/proc/net/ip_vs").exists(), reason="this kernel has IPVS; the lab tests the rest")
def test_where_there_is_no_ipvs_one_sentence_says_what_to_do() -> None:
    with pytest.raises(TableUnavailable) as raised:
        KernelTable.open(lambda: "modprobe: not in this test")
    assert str(raised.value) == (
        "The kernel has no IPVS and `modprobe ip_vs` did not help (modprobe: not in this test):"
        " load the module ip_vs on the host, or boot a kernel that has it."
    )
