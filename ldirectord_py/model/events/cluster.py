"""What happened to a director among others: its role, and the kernel's sync daemons."""

from dataclasses import dataclass

from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon


@dataclass(frozen=True, slots=True)
class RoleChanged:
    """The director has become active, or standby."""

    before: Role | None
    """None: it has begun so."""
    after: Role
    source: str
    """What says so; see `RoleSource`."""


@dataclass(frozen=True, slots=True)
class RoleUnclear:
    """What is to say the role says nothing that can be understood, or cannot be read; the role stays as it was."""

    role: Role
    source: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SyncStarted:
    """A sync daemon of the kernel's runs for the director."""

    daemon: SyncDaemon
    found: bool = False
    """It ran already, just as it is wanted."""


@dataclass(frozen=True, slots=True)
class SyncStopped:
    """The director has ended a sync daemon."""

    daemon: SyncDaemon


@dataclass(frozen=True, slots=True)
class SyncRefused:
    """A sync daemon does not run, though it is wanted; it is tried again."""

    daemon: SyncDaemon
    sentence: str


ClusterEvent = RoleChanged | RoleUnclear | SyncStarted | SyncStopped | SyncRefused
