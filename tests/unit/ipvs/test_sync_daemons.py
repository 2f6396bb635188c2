"""What the kernel tells of its sync daemons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.ipvs.netlink import WireError, pack_nest, pack_text, pack_u32
from ldirectord_py.ipvs.sync_daemons import ask_daemons, unpack_daemon
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon, SyncRole

HEAD = b"\x09\x01\0\0"  # the kernel names what it tells IPVS_CMD_NEW_DAEMON


def told(state: int, device: str = "eth0", sync_id: int = 7) -> bytes:
    return HEAD + pack_nest(3, pack_u32(1, state) + pack_text(2, device) + pack_u32(3, sync_id) + pack_u32(99, 1))


def test_the_question_is_the_kernels() -> None:
    assert ask_daemons() == b"\x0b\x01\0\0"


@pytest.mark.parametrize(("state", "role"), [(1, SyncRole.MASTER), (2, SyncRole.BACKUP)])
def test_a_daemon_is_read(state: int, role: SyncRole) -> None:
    assert unpack_daemon(told(state)) == SyncDaemon(role=role, device="eth0", sync_id=7)


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
