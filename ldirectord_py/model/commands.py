"""What operators ask of a running director, and what it keeps of that: admin states.

An admin state belongs to one real server.  A command may name a host or a whole virtual service: then each of their
servers gets the state, and so does a server that a later reload adds there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType

from ldirectord_py.model.service import AddressKey, MarkKey, RealKey

Target = RealKey | AddressKey | MarkKey | IPv4Address | IPv6Address
"""Whom a command is about: one real server, all of a virtual service, or a host wherever it serves."""


def target_name(target: Target) -> str:
    """Return the name that operators use: `10.0.0.5:80@tcp:10.0.0.1:80`, `tcp:10.0.0.1:80`, `10.0.0.5`."""
    return f"{target.real}@{target.virtual}" if isinstance(target, RealKey) else str(target)


class AdminKind(StrEnum):
    """What an operator wants of a real server."""

    DRAIN = "drain"
    """No new connections, those that are open go on: weight 0, and the entry stays in the table."""
    MAINTENANCE = "maintenance"
    """Out, and not checked, as by a file in `maintenancedir`."""
    WEIGHT = "weight"
    """Another weight than the configured one, while its checks pass."""


HIGHEST_WEIGHT = 65535
"""As `ipvsadm` has it."""
BY_HAND = "somebody else's hand"
"""Who has set a weight in the kernel's table, where the virtual says `handset = respect`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminState:
    """What holds for one real server until an operator says otherwise."""

    kind: AdminKind
    by: str
    """Who, such as `root (pid 801)`."""
    since: float
    """Seconds since the epoch."""
    until: float | None = None
    """Seconds since the epoch; None: for as long as nobody says otherwise."""
    reason: str = ""
    weight: int | None = None
    """With `WEIGHT`; None with the others."""
    scope: str = ""
    """The host or virtual service that the command named; empty: the server itself."""

    @property
    def takes_no_clients(self) -> bool:
        """Whether new connections are to go elsewhere."""
        return self.kind is not AdminKind.WEIGHT or self.weight == 0


Commands = Mapping[str, AdminState | None]
"""Admin states by the names of their targets, as a state file keeps them.

None: nothing holds for that server, although something does for its host or its virtual service.
"""
NOTHING_COMMANDED: Commands = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Send *target* no new connections, and let those that are open go on."""

    target: Target
    by: str
    reason: str = ""
    until: float | None = None

    def state(self, now: float) -> AdminState:
        """Return what it makes of a server *now*, in seconds since the epoch."""
        return _state(self, AdminKind.DRAIN, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintain:
    """Take *target* out, and do not check it."""

    target: Target
    by: str
    reason: str = ""
    until: float | None = None

    def state(self, now: float) -> AdminState:
        """See `Drain.state`."""
        return _state(self, AdminKind.MAINTENANCE, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWeight:
    """Give *target* another weight than the configured one while its checks pass."""

    target: Target
    weight: int
    by: str
    reason: str = ""
    until: float | None = None

    def state(self, now: float) -> AdminState:
        """See `Drain.state`."""
        return _state(self, AdminKind.WEIGHT, now, self.weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enable:
    """Take back whatever operators have said of *target*."""

    target: Target
    by: str
    reason: str = ""

    def state(self, _now: float) -> None:
        """See `Drain.state`: nothing holds any more."""
        return


Command = Drain | Maintain | SetWeight | Enable


@dataclass(frozen=True, slots=True)
class CommandDone:
    """What a command has brought about."""

    changes: tuple[tuple[RealKey, AdminState | None, AdminState | None], ...]
    """The real servers that it meant, each with what held for it before and what holds now."""
    notes: tuple[str, ...] = ()
    """What whoever gave it should know."""


def _state(command: Drain | Maintain | SetWeight, kind: AdminKind, now: float, weight: int | None = None) -> AdminState:
    return AdminState(
        kind=kind,
        by=command.by,
        since=now,
        until=command.until,
        reason=command.reason,
        weight=weight,
        scope="" if isinstance(command.target, RealKey) else target_name(command.target),
    )
