"""What the engine is told, each with the moment at which it happened."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from ldirectord_py.model.checks.check_plan import Polled
from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.commands import NOTHING_COMMANDED, Command, Commands
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event
from ldirectord_py.model.health import Health
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import TableState

Files = Mapping[RealKey, str]
"""The servers in maintenance, and the name of the file that takes each out."""
NO_FILES: Files = MappingProxyType({})
NOTHING_REMEMBERED: Mapping[str, Health] = MappingProxyType({})


class Moment(NamedTuple):
    """A point in time, by two clocks."""

    epoch: float
    """Seconds since 1970, which an operator reads; they may jump."""
    monotonic: float
    """Seconds that never jump, for durations."""


class Observed(NamedTuple):
    """A check ended; see `probing.schedule.ReportOutcome`."""  # one for each check: a dataclass would take longer

    plan: Polled
    outcome: Outcome
    seconds: float
    lateness: float
    asked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A configuration is in force."""

    config: Config
    found: TableState = field(default_factory=dict)
    """The table as it was before anything of this configuration was written."""
    files: Files = field(default_factory=lambda: NO_FILES)
    remembered: Mapping[str, Health] = field(default_factory=lambda: NOTHING_REMEMBERED)
    """What the last director knew of the servers, by `str(RealKey)`."""
    commanded: Commands = field(default_factory=lambda: NOTHING_COMMANDED)
    """The admin states that were in force under the last director, by the names of their targets."""


@dataclass(frozen=True, slots=True)
class Maintained:
    """Files in `maintenancedir` have come or gone."""

    changes: Mapping[RealKey, str | None]
    """The file that has a server out now; None: there is none any more.  Other servers are as they were."""


@dataclass(frozen=True, slots=True)
class TakenOut:
    """Somebody else took a server out of the table that stood there with weight 0."""

    real: RealKey


@dataclass(frozen=True, slots=True)
class Commanded:
    """An operator has given a command."""

    command: Command


@dataclass(frozen=True, slots=True)
class Handset:
    """Somebody else has set the weight of a server in the table, and is to be respected."""

    real: RealKey
    weight: int


@dataclass(frozen=True, slots=True)
class RoleTaken:
    """The director has a role, which may be another one than before."""

    role: Role
    source: str
    """What it was learnt from; see `RoleSource`."""
    since: float = 0.0
    """Since when, in seconds since the epoch, if the last director on this machine had it already; 0: since now."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The moment has come at which a decision changes by itself."""


@dataclass(frozen=True, slots=True)
class Written:
    """The table has followed what was decided of *virtuals*, as far as it could."""

    virtuals: Collection[VirtualKey]
    anew: bool = False
    """After a start or a reload: whether all servers have been asked is to be told again."""
    all: bool = False
    """Nothing that was decided waits to be written."""


Input = Observed | Configured | Maintained | Commanded | Handset | Elapsed | RoleTaken | TakenOut | Written


StepResult = tuple[Sequence[Event], Collection[VirtualKey]]
"""What an input has brought about: what is to be told, and the virtual services whose decision may have changed.

A plain tuple, because there is one for each check.
"""
