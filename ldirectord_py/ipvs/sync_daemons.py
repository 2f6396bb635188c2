"""The kernel's sync daemons, in generic netlink (`IPVS_CMD_*_DAEMON` of <linux/ip_vs.h>)."""

import errno
import os
import sys
from ipaddress import ip_address

from ldirectord_py.ipvs.ipvs_commands import IpvsCommand, body, command_message
from ldirectord_py.ipvs.netlink import (
    WireError,
    attributes,
    pack_bytes,
    pack_nest,
    pack_text,
    pack_u16,
    pack_u32,
    text,
    u32,
)
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon, SyncRole

_DAEMON = 3  # IPVS_CMD_ATTR_DAEMON
_STATE, _DEVICE, _SYNC_ID, _MAXLEN, _GROUP, _GROUP6, _PORT, _TTL = 1, 2, 3, 4, 5, 6, 7, 8  # IPVS_DAEMON_ATTR_*
_ROLES = {1: SyncRole.MASTER, 2: SyncRole.BACKUP}  # IP_VS_STATE_*
_STATES = {role: state for state, role in _ROLES.items()}


def ask_daemons() -> bytes:
    """Return the question for all sync daemons, to be sent as a dump."""
    return command_message(IpvsCommand.GET_DAEMON)


def pack_start(daemon: SyncDaemon) -> bytes:
    """Return the message that has *daemon* run."""
    block = (
        pack_u32(_STATE, _STATES[daemon.role]) + pack_text(_DEVICE, daemon.device) + pack_u32(_SYNC_ID, daemon.sync_id)
    )
    if daemon.maxlen:
        block += pack_u16(_MAXLEN, daemon.maxlen)
    if daemon.group is not None:
        block += pack_bytes(_GROUP if daemon.group.version == 4 else _GROUP6, daemon.group.packed)
    if daemon.port:
        block += pack_u16(_PORT, daemon.port)
    if daemon.ttl:
        block += pack_bytes(_TTL, bytes([daemon.ttl]))
    return command_message(IpvsCommand.NEW_DAEMON, pack_nest(_DAEMON, block))


def pack_stop(role: SyncRole) -> bytes:
    """Return the message that ends the daemon of *role*."""
    return command_message(IpvsCommand.DEL_DAEMON, pack_nest(_DAEMON, pack_u32(_STATE, _STATES[role])))


def unpack_daemon(message: bytes) -> SyncDaemon:
    """Return the sync daemon that *message* describes; raise `WireError` for whatever is none."""
    outer = attributes(body(message))
    if _DAEMON not in outer:
        raise WireError(f"expected a message about a sync daemon, but got {message[:32]!r}")
    found = attributes(outer[_DAEMON])
    if (role := _ROLES.get(u32(found, _STATE))) is None:
        raise WireError(f"expected a sync daemon that is master or backup, but got {found[_STATE]!r}")
    return SyncDaemon(
        role=role,
        device=text(found, _DEVICE),
        sync_id=u32(found, _SYNC_ID),
        group=_group(found.get(_GROUP) or found.get(_GROUP6)),
        port=int.from_bytes(found.get(_PORT, b""), sys.byteorder),
        ttl=int.from_bytes(found.get(_TTL, b""), sys.byteorder),
        maxlen=int.from_bytes(found.get(_MAXLEN, b""), sys.byteorder),
    )


def _group(raw: bytes | None) -> IPAddress | None:
    if raw is None:
        return None
    if len(raw) not in {4, 16}:
        raise WireError(f"expected the address of a multicast group, but got {raw!r}")
    return ip_address(raw)


def refusal(daemon: SyncDaemon, number: int) -> str:
    """Return why the kernel does not start *daemon*, which it says with the errno *number*.

    The numbers are those of `start_sync_thread` in net/netfilter/ipvs/ip_vs_sync.c and of its callers.
    """
    match number:
        case errno.ENODEV:
            why = f"there is no interface {daemon.device}"
        case errno.EEXIST:
            why = "one in that role runs already"
        case errno.EINVAL:
            why = (
                f"{daemon.device} cannot send multicast, or the table has real servers of another IP family than"
                " their virtual service, of which no backup can be told"
            )
        case _:
            why = f"{os.strerror(number)} (errno {number})"
    return f"the sync daemon ({daemon}) cannot be started: {why}"
