"""The kernel's sync daemon, which tells another director of connections, as a value."""

from dataclasses import dataclass
from enum import StrEnum


class SyncRole(StrEnum):
    """What a sync daemon does."""

    MASTER = "master"
    """Sends what connections there are."""
    BACKUP = "backup"
    """Receives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDaemon:
    """One that runs in this network namespace."""

    role: SyncRole
    device: str
    """The interface that its multicast goes by."""
    sync_id: int
