"""What shows on a machine without IPVS; the rest is in `tests/lab/test_kernel_table.py`."""

import errno
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ldirectord_py.ipvs.channel import Channel, FamilyMissing
from ldirectord_py.ipvs.kernel import KernelTable
from ldirectord_py.ipvs.netlink import attributes, pack_text, u16
from ldirectord_py.model.errors import TableUnavailable

CONTROL = b"\x03\x02\0\0" + pack_text(2, "nlctrl")
FAMILIES = b"\x03\x02\0\0"


@contextmanager
def no_file_descriptor_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as last:
        resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno(), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_family_that_the_kernel_does_not_have_is_missing() -> None:
    with pytest.raises(FamilyMissing, match="no-such-family"):
        Channel.open("no-such-family")


def test_the_kernels_own_control_family_is_found_and_answers() -> None:
    channel = Channel.open("nlctrl")
    answer = channel.ask(CONTROL)
    assert u16(attributes(answer[4:]), 1) == 0x10
    assert not channel.rejoin()
    channel.close()


def test_a_dump_is_read_in_parts_and_may_be_left_for_another() -> None:
    channel = Channel.open("nlctrl")
    families = {u16(attributes(body[4:]), 1) for part in channel.dump(FAMILIES) for body in part}
    assert 0x10 in families
    next(channel.dump(FAMILIES))
    again = {u16(attributes(body[4:]), 1) for part in channel.dump(FAMILIES) for body in part}
    assert again == families
    channel.close()


def test_answers_and_refusals_are_told_by_their_places() -> None:
    channel = Channel.open("nlctrl")
    bad, good = FAMILIES + pack_text(2, "no-such-family"), CONTROL
    answers = channel.exchange([bad, good, bad, good, bad])
    assert answers.refused == {0: errno.ENOENT, 2: errno.ENOENT, 4: errno.ENOENT}
    assert {place: u16(attributes(body[4:]), 1) for place, body in answers.bodies.items()} == {1: 0x10, 3: 0x10}
    assert not channel.exchange([bad, good]).refused.keys() - {0}
    assert u16(attributes(channel.ask(good)[4:]), 1) == 0x10
    channel.close()


def test_where_no_other_socket_can_be_had_the_old_one_goes_on() -> None:
    channel = Channel.open("nlctrl")
    channel._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # answers get lost, which takes a fresh socket
    bad = [FAMILIES + pack_text(2, "no-such-family")] * 200
    with no_file_descriptor_left():
        assert channel.exchange(bad).refused == dict.fromkeys(range(200), errno.ENOBUFS)
        assert u16(attributes(channel.ask(CONTROL)[4:]), 1) == 0x10
    assert channel.exchange(bad).refused == dict.fromkeys(range(200), errno.ENOENT)
    channel.close()


def test_without_a_file_descriptor_left_an_open_channel_goes_on() -> None:
    channel = Channel.open("nlctrl")
    with no_file_descriptor_left():
        assert u16(attributes(channel.ask(CONTROL)[4:]), 1) == 0x10
        assert [part for part in channel.dump(FAMILIES) if part]
        assert u16(attributes(channel.ask(CONTROL)[4:]), 1) == 0x10
    channel.close()


def test_requests_whose_answers_found_no_room_are_sent_again() -> None:
    channel = Channel.open("nlctrl")
    channel._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    bad = b"\x03\x02\0\0" + pack_text(2, "no-such-family")
    assert channel.exchange([bad] * 200).refused == dict.fromkeys(range(200), 2)
    channel.close()


def test_without_a_file_descriptor_left_the_table_is_unavailable() -> None:
    with no_file_descriptor_left(), pytest.raises(TableUnavailable) as raised:
        KernelTable.open(lambda: "modprobe: not in this test")
    assert str(raised.value) == (
        "The IPVS table cannot be reached over netlink (Too many open files):"
        " raise the limit of open files (systemd: LimitNOFILE=)."
    )


@pytest.mark.skipif(Path("/proc/net/ip_vs").exists(), reason="this kernel has IPVS; the lab tests the rest")
def test_where_there_is_no_ipvs_one_sentence_says_what_to_do() -> None:
    with pytest.raises(TableUnavailable) as raised:
        KernelTable.open(lambda: "modprobe: not in this test")
    assert str(raised.value) == (
        "The kernel has no IPVS and `modprobe ip_vs` did not help (modprobe: not in this test):"
        " load the module ip_vs on the host, or boot a kernel that has it."
    )
