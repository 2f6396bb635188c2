"""What a recorded night comes to under one configuration: who stood in the table, with which weight, when and why.

Checks have been carried out once, so each outcome goes to the server that it was found of, whatever another
configuration would have asked instead.  The table follows each decision at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import assert_never

from ldirectord_py.engine.belief import Belief
from ldirectord_py.engine.inputs import (
    Commanded,
    Configured,
    Elapsed,
    Handset,
    Input,
    Maintained,
    Moment,
    Observed,
    RoleTaken,
    TakenOut,
    Written,
)
from ldirectord_py.engine.recording.items import Given, Item, Prepares, RecordingHeader, Why, recorded_plan
from ldirectord_py.engine.recording.state_as_belief import state_of
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.checks.check_plan import Always, CheckPlan, Never, Polled
from ldirectord_py.model.commands import target_name
from ldirectord_py.model.config import Config, Real, Virtual
from ldirectord_py.model.decisions import Mode
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import TableState


@dataclass(slots=True)
class Spell:
    """Some time in which nothing changed; moments are in seconds since the epoch."""

    since: float
    weight: int | None
    """None: it had no entry in the table."""
    why: str
    until: float = 0.0

    @property
    def out(self) -> bool:
        """Whether no new clients were sent there."""
        return not self.weight


@dataclass(slots=True)
class Course:
    """How a night went."""

    servers: dict[RealKey, list[Spell]] = field(default_factory=dict)
    fallbacks: dict[VirtualKey, list[Spell]] = field(default_factory=dict)
    """Of each virtual: weight 1 while its fallback stood in."""
    nobody: dict[VirtualKey, list[Spell]] = field(default_factory=dict)
    """Of each virtual: weight 0 while neither a server nor a fallback was there."""
    unrecorded: dict[RealKey, None] = field(default_factory=dict)
    """Servers of the configuration of which no check was recorded."""
    since: float = 0.0
    until: float = 0.0
    lost: int = 0
    """Inputs that are missing in the recording."""


def course(items: Iterable[Item], other: Config | None = None) -> Course:
    """Return how *items* went; with *other*, how they would have gone if it had been in force all the time."""
    night = _Night(other)
    for item in items:
        night.take(item)
    return night.ended()


class _Night:
    """Gives each recorded input to an engine, and has a table follow at once."""

    def __init__(self, other: Config | None) -> None:
        self._other = other
        self._course = Course()
        self._state = EngineState(Moment(0, 0))
        self._header = RecordingHeader(why=Why.START, at=Moment(0, 0), begun=Moment(0, 0))
        self._fresh = True
        """Nothing of before counts: the director has just begun, or something is missing."""
        self._unknown = count(-1, -1)
        self._now = Moment(0, 0)

    def take(self, item: Item) -> None:
        match item:
            case RecordingHeader():
                self._take_header(item)
            case Belief():
                self._take_belief(item)
            case Given(given, at):
                self._now = at
                if not isinstance(given, Prepares):  # that counts when it is in force
                    self._give(given)
            case _:
                assert_never(item)

    def ended(self) -> Course:
        course = self._course
        course.until = max(self._now.epoch, course.since)
        for kept in (course.servers, course.fallbacks, course.nobody):
            for spells in kept.values():
                _end(spells, course.until)
        return course

    def _take_header(self, header: RecordingHeader) -> None:
        if not self._course.since:
            self._course.since = header.at.epoch
        self._now, self._header = header.at, header
        self._course.lost += header.lost
        self._fresh = header.why is not Why.FULL or not self._state.virtuals

    def _take_belief(self, belief: Belief) -> None:
        """Go on as *belief* says; if a file was full only, all of it is known but for the numbers of checks."""
        before = state_of(belief)
        files = {known.real: known.file for known in belief.servers if known.file is not None}
        found = {key: decision.service for key in before.virtuals if (decision := before.decide(key)) is not None}
        remembered = {str(known.real): known.health for known in belief.servers}
        # Where nothing holds for a server, nothing that holds for its host or its virtual does.
        commanded = {target_name(known.real): known.admin for known in belief.servers if known.admin or belief.scopes}
        self._give(
            Configured(
                config=belief.config,
                found=found,
                files=files,
                remembered=remembered,
                commanded=commanded | dict(belief.scopes),
            )
        )

    def _give(self, given: Input) -> None:
        match given:
            case Configured():
                self._configure(given)
            case Written():
                pass  # the table follows at once
            case TakenOut(real) if not self._state.may_stay_out(real):
                pass  # it would have been put back
            case Observed() | Maintained() | Commanded() | Handset() | Elapsed() | RoleTaken() | TakenOut():
                _, touched = self._state.step(given, self._now)
                self._update(touched)
            case _:
                assert_never(given)

    def _configure(self, given: Configured) -> None:
        config = given.config if self._other is None else self._as_recorded(self._other, given.config)
        gone = dict.fromkeys(self._state.virtuals)
        found = given.found if self._fresh and self._header.why is not Why.START else self._followed(given.found)
        if self._fresh:
            self._state = EngineState(self._header.begun)
        self._fresh = False
        self._state.step(replace(given, config=config, found=found), self._now)
        for real, spells in self._course.servers.items():
            if real not in self._state.servers:
                self._turn(spells, None, "is not configured any more")
        self._update(dict.fromkeys((*self._state.virtuals, *gone)), anew=True)

    def _followed(self, found: TableState) -> TableState:
        """Return what the table has where *found* was recorded: what we have left in it, as far as we know it."""
        kept = () if self._fresh else self._state.virtuals
        left = {key: self._state.decide(key) for key in (*found, *kept)}
        return dict(found) | {key: decision.service for key, decision in left.items() if decision is not None}

    def _as_recorded(self, other: Config, recorded: Config) -> Config:
        """Return *other* with the checks that were recorded of its servers."""
        plans = {key: real.plan for one in recorded.virtuals for key, real in one.servers}
        return replace(other, virtuals=tuple(self._with_plans(virtual, plans) for virtual in other.virtuals))

    def _with_plans(self, virtual: Virtual, plans: Mapping[RealKey, CheckPlan]) -> Virtual:
        pairs = list(virtual.servers)
        reals = tuple(self._with_plan(real, plans.get(key)) for key, real in pairs)
        for key, real in dict(pairs).items():  # of several lines that name one server the last counts
            if isinstance(real.plan, Polled) and not isinstance(plans.get(key), Polled):
                self._course.unrecorded[key] = None
            else:
                self._course.unrecorded.pop(key, None)
        return replace(virtual, reals=reals)

    def _with_plan(self, real: Real, recorded: CheckPlan | None) -> Real:
        if isinstance(real.plan, Always | Never):
            return real
        if recorded is None or isinstance(recorded, Always | Never):
            return replace(real, plan=recorded_plan(next(self._unknown), "", 0))
        return replace(real, plan=recorded)

    def _update(self, virtuals: Iterable[VirtualKey], *, anew: bool = False) -> None:
        """Have the table be as it is wanted, and note what that changes."""
        written = tuple(virtuals)
        for key in written:
            self._note(key)
        self._state.step(Written(written, anew=anew, all=not anew), self._now)

    def _note(self, key: VirtualKey) -> None:
        decision = self._state.decide(key)
        mode = None if decision is None else decision.mode
        self._turn(self._course.fallbacks.setdefault(key, []), int(mode is Mode.FALLBACK), "no real server serves")
        self._turn(self._course.nobody.setdefault(key, []), int(mode is not Mode.NOBODY), "no real server serves")
        for real, standing in decision.reals.items() if decision else ():
            spells = self._course.servers.setdefault(real, [])
            self._turn(spells, standing.weight, standing.because[-1].sentence)

    def _turn(self, spells: list[Spell], weight: int | None, why: str) -> None:
        if spells and spells[-1].weight == weight:
            return
        _end(spells, self._now.epoch)
        spells.append(Spell(self._now.epoch, weight, why))


def _end(spells: list[Spell], now: float) -> None:
    if spells:
        spells[-1].until = now
