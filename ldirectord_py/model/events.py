"""What happened: each event once, for whoever observes."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.health import Health
from ldirectord_py.model.mails import MailEvent
from ldirectord_py.model.outcome import Outcome
from ldirectord_py.model.problems import Problem
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import Change, Destination, Refusal, Settings


class Trigger(StrEnum):
    """What made us write the table."""

    START = "start"
    HEALTH = "health"
    RELOAD = "reload"
    DRIFT = "drift"
    STOP = "stop"


class DriftKind(StrEnum):
    """In what the table differed from what we had left there."""

    MISSING_SERVICE = "missing_service"
    MISSING_DESTINATION = "missing_destination"
    FOREIGN_DESTINATION = "foreign_destination"
    SETTINGS = "settings"
    WEIGHT = "weight"
    DESTINATION = "destination"  # forwarding method or thresholds


@dataclass(frozen=True, slots=True)
class CheckDone:
    """One check ended; its outcome counts for all *reals* that share it."""

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


@dataclass(frozen=True, slots=True)
class TableChanged:
    """A change was written to the table."""

    change: Change
    cause: Trigger
    fallback: bool = False
    """The change is about a fallback server, not a real one."""
    again: bool = False
    """It mends what does not stay mended, as `DriftRecurs` has told."""
    before: Settings | Destination | None = None
    """What was there, of an entry that was set anew."""


@dataclass(frozen=True, slots=True)
class ChangeRefused:
    """The table did not accept a change."""

    refusal: Refusal
    cause: Trigger


@dataclass(frozen=True, slots=True)
class DriftFound:
    """The table was not as we had left it; what follows repairs it."""

    kind: DriftKind
    virtual: VirtualKey
    real: RealKey | None
    sentence: str
    """What differed, such as `weight 0 instead of 3`."""
    again: bool = False
    """It does not end, as `DriftRecurs` has told."""


@dataclass(frozen=True, slots=True)
class DriftRecurs:
    """What was mended is changed again and again: somebody else keeps this table too."""

    virtual: VirtualKey
    real: RealKey | None
    """Where it was seen first."""
    places: int
    """How many services and servers are concerned."""
    suspects: tuple[str, ...]
    """Processes that may do it, such as `keepalived (pid 801)`."""


@dataclass(frozen=True, slots=True)
class Diverged:
    """The table that somebody else keeps differs from what we would make of it (`--shadow`)."""

    virtual: VirtualKey
    real: RealKey | None
    change: Change
    """What we would write."""
    sentence: str
    """What differs, such as `it had weight 0 instead of 3`."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """That difference is over."""

    virtual: VirtualKey
    real: RealKey | None
    seconds: float
    """Since it was seen first."""


@dataclass(frozen=True, slots=True)
class TableLost:
    """The table cannot be reached; the director goes on checking and trying."""

    sentence: str
    """Complete, with its full stop: what is wrong, and what the operator can do."""


@dataclass(frozen=True, slots=True)
class TableBack:
    """The table can be reached again."""


@dataclass(frozen=True, slots=True)
class Started:
    """The director runs."""

    virtuals: int
    reals: int


@dataclass(frozen=True, slots=True)
class FirstPassComplete:
    """Every real server that is checked has been checked once."""

    seconds: float


@dataclass(frozen=True, slots=True)
class InitialChecksDone:
    """All that a start or a reload brought has been asked once, and the table follows."""


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    """The configuration file's content has changed on disk."""

    path: str
    reread: bool
    """Whether `autoreload` takes it up."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A new configuration is in force."""

    path: str
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ReloadRefused:
    """A new configuration was refused; everything stays as it was."""

    path: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class HookDone:
    """A program of the operator's was run, because of a directive such as `fallbackcommand`."""

    directive: str
    command: str
    failure: str
    """What went wrong; empty where nothing did."""
    seconds: float


@dataclass(frozen=True, slots=True)
class MonitorFileFailed:
    """Lines for a `monitorfile` could not be written, and are lost."""

    path: str
    lines: int
    sentence: str
    first: bool
    """The first since it could last be written."""


@dataclass(frozen=True, slots=True)
class MonitorFileBack:
    """A `monitorfile` can be written again."""

    path: str
    lost: int
    """Lines that are missing in it."""


@dataclass(frozen=True, slots=True)
class SideJobFailed:
    """A job beside the checks failed, such as watching files, and is tried again; told once until it is over."""

    job: str
    cost: str
    """What is missing meanwhile, as a clause."""
    sentence: str
    """What went wrong."""


@dataclass(frozen=True, slots=True)
class SideJobBack:
    """A job that had failed is done again."""

    job: str


@dataclass(frozen=True, slots=True)
class Stopping:
    """The director ends in order."""

    signal: str


Event = (
    CheckDone
    | HealthChanged
    | SoftFailure
    | FaultLasts
    | CertificateSeen
    | CertificateExpiring
    | FallbackChanged
    | ServingChanged
    | MaintenanceChanged
    | MaintenanceUnclear
    | TableChanged
    | ChangeRefused
    | DriftFound
    | DriftRecurs
    | Diverged
    | Agreed
    | TableLost
    | TableBack
    | Started
    | FirstPassComplete
    | InitialChecksDone
    | ConfigChanged
    | Reloaded
    | ReloadRefused
    | HookDone
    | MonitorFileFailed
    | MonitorFileBack
    | MailEvent
    | SideJobFailed
    | SideJobBack
    | Stopping
)

Observer = Callable[[Event], None]
"""Is told of events; must return at once and never raise."""
