"""What happened to the IPVS table: what was written to it, and how it differed from what it should be."""

from dataclasses import dataclass
from enum import StrEnum

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
class WeightContested:
    """Several others set a server's weight against one another, where `handset = respect` obeys each of them."""

    real: RealKey
    weights: tuple[int, int]
    """Between which it goes to and fro."""


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
class Reconciled:
    """The whole table was compared with what we had left there, and repaired."""

    seconds: float
    """How long that took, pauses for checks included."""


TableEvent = (
    TableChanged
    | ChangeRefused
    | DriftFound
    | DriftRecurs
    | WeightContested
    | Diverged
    | Agreed
    | TableLost
    | TableBack
    | Reconciled
)
