"""What a recording consists of: segments, each complete in itself, of inputs with their moments."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ldirectord_py.engine.belief import Belief
from ldirectord_py.engine.inputs import Configured, Input, Moment
from ldirectord_py.model.checks.check_plan import Repeated
from ldirectord_py.model.checks.conversation import DriverServices
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.checks.probe import Probe

VERSION = 3
"""2: with operators' commands; 3: with roles."""


class Why(StrEnum):
    """Why a segment begins."""

    START = "start"
    """The director has begun."""
    ON = "on"
    """A reload has turned recording on, or has it go to another file."""
    FULL = "full"
    """The file before was full, or somebody has moved it."""
    GAP = "gap"
    """What happened before could not be recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingHeader:
    """The first line of a segment."""

    why: Why
    at: Moment
    begun: Moment
    """When the director began."""
    lost: int = 0
    """Inputs that are missing before it."""
    program: str = ""
    host: str = ""
    config: str = ""
    """The path of the configuration."""


class Prepares(NamedTuple):
    """It is worked out what a configuration makes of the servers; in force it is once it is given as an input."""

    given: Configured


class Given(NamedTuple):
    """One input, when it came."""

    input: Input | Prepares
    at: Moment


Item = RecordingHeader | Belief | Given


@dataclass(frozen=True, slots=True)
class RecordedCheck:
    """What stands in for a check whose outcomes were recorded: its number is all that is known of it."""

    number: int
    asks: str = ""
    """What it asks, for people."""

    async def run(self, _services: DriverServices) -> Outcome:
        """Ask nobody."""
        return Outcome(Verdict.FAULT, Reason.LOCAL, "it belongs to a recording")


def recorded_plan(number: int, asks: str, interval: float) -> Repeated:
    """Return the plan that stands in for the one that was recorded as *number*."""
    return Repeated(probe=Probe(check=RecordedCheck(number, asks), timeout=0, asked=asks), interval=interval)
