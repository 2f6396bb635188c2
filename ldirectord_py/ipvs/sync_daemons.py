"""The kernel's sync daemons, in generic netlink (`IPVS_CMD_GET_DAEMON` of <linux/ip_vs.h>)."""

from struct import Struct

from ldirectord_py.ipvs.netlink import WireError, attributes, text, u32
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon, SyncRole

_GENERIC = Struct("=BBxx")
_GET_DAEMON, _VERSION = 11, 1
_DAEMON = 3  # IPVS_CMD_ATTR_DAEMON
_STATE, _DEVICE, _SYNC_ID = 1, 2, 3  # IPVS_DAEMON_ATTR_*
_ROLES = {1: SyncRole.MASTER, 2: SyncRole.BACKUP}  # IP_VS_STATE_*


def ask_daemons() -> bytes:
    """Return the question for all sync daemons, to be sent as a dump."""
    return _GENERIC.pack(_GET_DAEMON, _VERSION)


def unpack_daemon(message: bytes) -> SyncDaemon:
    """Return the sync daemon that *message* describes; raise `WireError` for whatever is none."""
    outer = attributes(message[_GENERIC.size :])
    if _DAEMON not in outer:
        raise WireError(f"expected a message about a sync daemon, but got {message[:32]!r}")
    found = attributes(outer[_DAEMON])
    if (role := _ROLES.get(u32(found, _STATE))) is None:
        raise WireError(f"expected a sync daemon that is master or backup, but got {found[_STATE]!r}")
    return SyncDaemon(role=role, device=text(found, _DEVICE), sync_id=u32(found, _SYNC_ID))
