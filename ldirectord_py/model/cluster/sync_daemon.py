"""The kernel's sync daemon, which tells another director of connections, as a value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.role import Role


class SyncRole(StrEnum):
    """What a sync daemon does."""

    MASTER = "master"
    """Sends what connections there are."""
    BACKUP = "backup"
    """Receives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDaemon:
    """One that runs in this network namespace, or is to run."""

    role: SyncRole
    device: str
    """The interface that its multicast goes by."""
    sync_id: int
    """0 to 255.  A backup takes what a master of the same number sends; with 0 it takes everything."""
    group: IPAddress | None = None
    """The multicast group; None: the kernel's own, 224.0.0.81."""
    port: int = 0
    """The UDP port; 0: the kernel's own, 8848."""
    ttl: int = 0
    """The hops that its multicast may make; 0: the kernel's own, 1."""
    maxlen: int = 0
    """The bytes of a message at most; 0: what fits the interface."""

    def does(self, wanted: "SyncDaemon") -> bool:
        """Return whether this one, which runs, does what *wanted* says."""
        said = (
            (wanted.group, self.group),
            (wanted.port, self.port),
            (wanted.ttl, self.ttl),
            (wanted.maxlen, self.maxlen),
        )
        same = (self.role, self.device, self.sync_id) == (wanted.role, wanted.device, wanted.sync_id)
        return same and all(found == asked for asked, found in said if asked)

    def __str__(self) -> str:
        """Return it in words."""
        return " ".join((f"{self.role} on {self.device} with id={self.sync_id}", *_more(self)))


@dataclass(frozen=True, slots=True)
class StartedSync:
    """A sync daemon that a director has started."""

    daemon: SyncDaemon
    """As the kernel tells it: one that differs in anything is another one, which somebody else has started."""
    index: int
    """The number of its interface: an interface that has gone and come back has another one, and hears nothing."""

    def as_json(self) -> dict[str, Any]:
        """Return it for the state file."""
        daemon = self.daemon
        told = {name: getattr(daemon, name) for name in ("role", "device", *_NUMBERS)}
        return told | {"group": str(daemon.group or ""), "index": self.index}


def started_of_json(told: Any) -> StartedSync:
    """Return what `StartedSync.as_json` made *told* of; raise `LookupError`, `TypeError` or `ValueError` of others."""
    daemon = SyncDaemon(
        role=SyncRole(told["role"]),
        device=str(told["device"]),
        group=ip_address(told["group"]) if told["group"] else None,
        **{name: int(told[name]) for name in _NUMBERS},
    )
    return StartedSync(daemon, int(told["index"]))


_NUMBERS = ("sync_id", "port", "ttl", "maxlen")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncSettings:
    """What `syncdaemon` says."""

    device: str
    sync_id: int = 0
    peer_id: int | None = None
    """The number of another active director: this one sends with its own, and receives with that, in any role."""
    group: IPAddress | None = None
    port: int = 0
    ttl: int = 0
    maxlen: int = 0

    def wanted(self, role: Role) -> Sequence[SyncDaemon]:
        """Return the daemons that are to run while the director has *role*."""
        if self.peer_id is not None:
            return self._daemon(SyncRole.MASTER, self.sync_id), self._daemon(SyncRole.BACKUP, self.peer_id)
        return (self._daemon(SyncRole.MASTER if role is Role.ACTIVE else SyncRole.BACKUP, self.sync_id),)

    def _daemon(self, role: SyncRole, sync_id: int) -> SyncDaemon:
        return SyncDaemon(
            role=role,
            device=self.device,
            sync_id=sync_id,
            group=self.group,
            port=self.port,
            ttl=self.ttl,
            maxlen=self.maxlen,
        )

    def __str__(self) -> str:
        """Return it as the configuration has it."""
        peer = () if self.peer_id is None else (f"peer={self.peer_id}",)
        return " ".join((self.device, f"id={self.sync_id}", *peer, *_more(self)))


def _more(said: SyncDaemon | SyncSettings) -> Iterator[str]:
    for name in ("group", "port", "ttl", "maxlen"):
        if value := getattr(said, name):
            yield f"{name}={value}"
