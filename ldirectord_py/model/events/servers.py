"""What happened to servers: what checks found, and who serves."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.model.commands import AdminState
from ldirectord_py.model.health import Health
from ldirectord_py.model.service import RealKey, VirtualKey


class CheckDone(NamedTuple):
    """One check ended; its outcome counts for all *reals* that share it."""  # one for each check, as `Observed`

    reals: tuple[RealKey, ...]
    outcome: Outcome
    seconds: float
    """From its first socket or process to the verdict."""
    lateness: float
    """Seconds between the moment it was due and the one it began."""
    asked: str = ""
    """See `Probe.asked`."""


@dataclass(frozen=True, slots=True)
class HealthChanged:
    """A real server changed its state."""

    real: RealKey
    before: Health
    after: Health
    failurecount: int = 1
    """So many failures in a row take it out."""
    asked: str = ""
    """What the check asked whose outcome this is; empty: nobody was asked."""


@dataclass(frozen=True, slots=True)
class SoftFailure:
    """A check failed, but not often enough in a row to take the server out."""

    real: RealKey
    health: Health
    failurecount: int
    asked: str = ""
    """See `HealthChanged.asked`."""


@dataclass(frozen=True, slots=True)
class FaultLasts:
    """A real server has not been checked for longer than `faultlimit`, through a fault of ours."""

    real: RealKey
    outcome: Outcome
    seconds: float
    """Since the first of the checks that we could not carry out."""
    down: bool
    """Whether the server counts as down for that."""


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """A server showed a certificate with another end than before, or its first."""

    reals: tuple[RealKey, ...]
    expires: float
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class CertificateExpiring:
    """A server showed a certificate that ends soon or has ended; told of each server once a day."""

    real: RealKey
    expires: float
    """Seconds since the epoch."""
    left: float
    """Seconds until then; below 0: since then."""


@dataclass(frozen=True, slots=True)
class MaintenanceChanged:
    """A file in `maintenancedir` took a real server out, or has gone."""

    real: RealKey
    active: bool
    by: str
    """The file's name."""


@dataclass(frozen=True, slots=True)
class MaintenanceUnclear:
    """Something about `maintenancedir` that its operator should know; told once while it lasts."""

    sentence: str


class AdminCause(StrEnum):
    """What has changed an admin state."""

    COMMAND = "command"
    TABLE = "table"
    """Somebody else has set a weight in the table, of a virtual with `handset = respect`."""
    RESTORED = "restored"
    """It was in force before this director came, or holds for the host or virtual of a server that is new."""
    EXPIRED = "expired"
    DROPPED = "dropped"
    """A reload has taken the server away."""
    RELOADED = "reloaded"
    """A weight that somebody else had set is the configured one now, or is respected no longer."""


@dataclass(frozen=True, slots=True)
class AdminChanged:
    """An operator's command came in force for a real server, or is in force no longer."""

    real: RealKey
    before: AdminState | None
    after: AdminState | None
    cause: AdminCause
    by: str = ""
    """Who has said so; empty: nobody, such as when its time is over."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FallbackChanged:
    """A virtual's fallback came in, because no real server serves, or went out."""

    virtual: VirtualKey
    active: bool
    fallback: Endpoint | None
    """Who stands in; None: nobody any more, since a reload took the fallback out of the configuration."""


@dataclass(frozen=True, slots=True)
class ServingChanged:
    """Whether any real server of a virtual serves: told once its servers have been asked, and then at each change."""

    virtual: VirtualKey
    serving: bool
    fallback: bool
    """It has a fallback, of which `FallbackChanged` tells."""
    first: bool = False
    """Nothing has been told of this virtual before."""


ServerEvent = (
    CheckDone
    | HealthChanged
    | SoftFailure
    | FaultLasts
    | CertificateSeen
    | CertificateExpiring
    | MaintenanceChanged
    | MaintenanceUnclear
    | AdminChanged
    | FallbackChanged
    | ServingChanged
)
