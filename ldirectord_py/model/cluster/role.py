"""Which of several directors does the work, as values."""

from dataclasses import dataclass
from enum import StrEnum

from ldirectord_py.model.address import IPAddress


class Role(StrEnum):
    """What a director is among those that have the same virtual services."""

    ACTIVE = "active"
    """Clients come to it."""
    STANDBY = "standby"
    """It keeps its table warm, and tells nobody."""


class RoleKind(StrEnum):
    """Where a director learns its role."""

    FIXED = "fixed"
    """The configuration says it."""
    FILE = "file"
    """A file holds it."""
    FIFO = "fifo"
    """It is written to a named pipe."""
    VIP = "vip"
    """The director that holds the virtual services' addresses is active."""


FIFO_PREFIX = "fifo:"
VIP_WORD = "vip"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSource:
    """What `role` says."""

    kind: RoleKind = RoleKind.FIXED
    fixed: Role = Role.ACTIVE
    """The role, if the kind is FIXED."""
    path: str = ""
    """The file or the named pipe, if it is one."""
    address: IPAddress | None = None
    """The address that decides, if the kind is VIP; None: any of the virtual services'."""

    def __str__(self) -> str:
        """Return it as the configuration has it."""
        match self.kind:
            case RoleKind.FIXED:
                return self.fixed
            case RoleKind.FILE:
                return self.path
            case RoleKind.FIFO:
                return FIFO_PREFIX + self.path
            case RoleKind.VIP:
                return VIP_WORD if self.address is None else f"{VIP_WORD}:{self.address}"


@dataclass(frozen=True, slots=True)
class RoleStatus:
    """The role that a director has."""

    role: Role = Role.ACTIVE
    source: str = Role.ACTIVE.value
    """What the role was learnt from; see `RoleSource`."""
    since: float = 0.0
    """When it came to have this role, in seconds since the epoch; 0: it has never had another."""


NEVER_TOLD = RoleStatus()
"""The role of a director that nobody has told another one."""
