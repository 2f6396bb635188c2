"""A director's place among others, as JSON."""

from collections.abc import Mapping
from typing import Any

from ldirectord_py.model.cluster.role import RoleStatus
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon
from ldirectord_py.model.cluster.vips import VipStatus
from ldirectord_py.model.text.escaping import printable


def role(status: RoleStatus) -> Mapping[str, Any]:
    """Return the role, what says so, and since when; `since` is null if it has never been another one."""
    return {"role": status.role.value, "source": printable(status.source), "since": status.since or None}


def sync_daemon(daemon: SyncDaemon) -> Mapping[str, Any]:
    """Return what runs in the kernel."""
    return {"role": daemon.role.value, "device": printable(daemon.device), "id": daemon.sync_id}


def vip(status: VipStatus) -> Mapping[str, Any]:
    """Return how it stands with one VIP that the director is to bring up."""
    return {
        "address": str(status.address),
        "state": status.state.value,
        "held": status.held,
        "device": printable(status.device),
        "label": printable(status.label),
        "since": status.since,
        "trouble": printable(status.sentence),
    }
