"""What we believe of a real server."""

from dataclasses import dataclass
from enum import StrEnum

from ldirectord_py.model.checks.outcome import Reason


class State(StrEnum):
    """Where a real server stands."""

    UNKNOWN = "unknown"  # not checked yet, and not in the table when we came: stays out
    ADOPTED = "adopted"  # not checked yet, but in the table with a weight when we came: stays in
    UP = "up"
    DOWN = "down"

    @property
    def serving(self) -> bool:
        """Whether clients may be sent there."""
        return self is State.UP or self is State.ADOPTED


@dataclass(frozen=True, slots=True)
class Health:
    """A real server's state, since when, and why."""

    state: State
    since: float
    """Seconds since the epoch, since when it serves, is down, or is in maintenance, as far as that is known."""
    failures: int = 0
    """Failed checks in a row, up to the one that took the server out."""
    reason: Reason = Reason.OK
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What it takes to change a real server's state."""

    failurecount: int = 1


@dataclass(frozen=True, slots=True)
class FaultRules:
    """What becomes of a server that we cannot check, through a fault of our own."""

    limit: float = 0.0
    """Seconds after which that is told again; 0: never."""
    down: bool = False
    """Whether the server then counts as down."""
