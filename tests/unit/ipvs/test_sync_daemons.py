"""What the kernel tells of its sync daemons."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.ipvs.netlink import WireError, attributes, pack_nest, pack_text, pack_u32
from ldirectord_py.ipvs.sync_daemons import ask_daemons, pack_start, pack_stop, unpack_daemon
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon, SyncRole

HEAD = b"\x09\x01\0\0"  # the kernel names what it tells IPVS_CMD_NEW_DAEMON


def told(state: int, device: str = "eth0", sync_id: int = 7) -> bytes:
    return HEAD + pack_nest(3, pack_u32(1, state) + pack_text(2, device) + pack_u32(3, sync_id) + pack_u32(99, 1))


def test_the_question_is_the_kernels() -> None:
    assert ask_daemons() == b"\x0b\x01\0\0"


@pytest.mark.parametrize(("state", "role"), [(1, SyncRole.MASTER), (2, SyncRole.BACKUP)])
def test_a_daemon_is_read(state: int, role: SyncRole) -> None:
    assert unpack_daemon(told(state)) == SyncDaemon(role=role, device="eth0", sync_id=7)


def attributes_of(message: bytes) -> dict[int, bytes]:
    """Return what a message to the kernel says of a daemon."""
    return attributes(attributes(message[4:])[3])


def test_one_is_started_with_what_is_said_and_no_more() -> None:
    plain = pack_start(SyncDaemon(role=SyncRole.BACKUP, device="eth0", sync_id=7))
    assert plain[:4] == b"\x09\x01\0\0"
    assert attributes_of(plain) == {1: b"\2\0\0\0", 2: b"eth0\0", 3: b"\7\0\0\0"}
    assert pack_stop(SyncRole.MASTER) == b"\x0a\x01\0\0" + pack_nest(3, pack_u32(1, 1))


@given(
    role=st.sampled_from(SyncRole),
    sync_id=st.integers(0, 255),
    group=st.none() | st.sampled_from([ip_address("224.0.0.99"), ip_address("ff02::81")]),
    numbers=st.tuples(st.integers(0, 65535), st.integers(0, 255), st.integers(0, 65535)),
)
def test_what_is_asked_for_is_what_is_read_again(
    role: SyncRole, sync_id: int, group: IPAddress | None, numbers: tuple[int, int, int]
) -> None:
    port, ttl, maxlen = numbers
    asked = SyncDaemon(role=role, device="bond0.7", sync_id=sync_id, group=group, port=port, ttl=ttl, maxlen=maxlen)
    assert unpack_daemon(pack_start(asked)) == asked
    assert asked.does(asked)


def test_what_is_not_said_is_the_kernels_own_and_what_is_said_has_to_be_so() -> None:
    running = SyncDaemon(role=SyncRole.MASTER, device="eth0", sync_id=7, port=8848, ttl=1, maxlen=1460)
    assert running.does(SyncDaemon(role=SyncRole.MASTER, device="eth0", sync_id=7, ttl=1))
    for other in (
        SyncDaemon(role=SyncRole.BACKUP, device="eth0", sync_id=7),
        SyncDaemon(role=SyncRole.MASTER, device="eth1", sync_id=7),
        SyncDaemon(role=SyncRole.MASTER, device="eth0", sync_id=8),
        SyncDaemon(role=SyncRole.MASTER, device="eth0", sync_id=7, ttl=2),
    ):
        assert not running.does(other)


@pytest.mark.parametrize("message", [HEAD, told(0), told(3), HEAD + pack_nest(3, b"")])
def test_what_is_no_daemon_is_an_error(message: bytes) -> None:
    with pytest.raises(WireError):
        unpack_daemon(message)


@given(st.binary(max_size=80))
def test_rubbish_is_an_error_of_the_wire_or_a_daemon(message: bytes) -> None:
    try:
        assert isinstance(unpack_daemon(message), SyncDaemon)
    except WireError:
        return
