"""The director: hands what happens to the engine, tells what came of it, and has the table follow."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from ldirectord_py.engine.inputs import (
    NO_FILES,
    NOTHING_REMEMBERED,
    Commanded,
    Configured,
    Elapsed,
    Files,
    Input,
    Maintained,
    Moment,
    Observed,
    RoleTaken,
)
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.checks.check_plan import Polled
from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.model.cluster.role import RoleStatus
from ldirectord_py.model.commands import NOTHING_COMMANDED, Commands
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import CheckDone, Event, Trigger
from ldirectord_py.model.health import Health
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.table import Table
from ldirectord_py.runtime.certificates import Certificates
from ldirectord_py.runtime.table.following import TableFollower
from ldirectord_py.runtime.table.reconciler import MakeWriter, Reconciler
from ldirectord_py.runtime.table.table_writer import TableWriter
from ldirectord_py.runtime.table.wanted import WantedTable
from ldirectord_py.system.turns import in_turns

_PREPARED = 3
"""So often is a configuration prepared while commands come in between; then it is worked out in one go."""


def moment() -> Moment:
    """Return the present moment."""
    return Moment(time.time(), time.monotonic())


class InputRecorder(Protocol):
    """Is told of each input before the engine is; see `runtime/recording`."""

    def given(self, given: Input, at: Moment, /) -> None:
        """Take note of *given*."""
        ...

    def preparing(self, given: Configured, at: Moment, /) -> None:
        """Take note that *given* is being worked out."""
        ...


class Director:
    """Keeps no rules of its own: those are the engine's.  It knows neither sockets nor files."""

    def __init__(
        self, config: Config, table: Table, emit: Callable[[Event], None], writer: MakeWriter = TableWriter
    ) -> None:
        self.reconciler = Reconciler(table, WantedTable(lambda: self.state, self._step), emit, writer)
        self.table = TableFollower(self.reconciler, lambda: self.state, self._step)
        self.certificates = Certificates(emit)
        self.recorder: InputRecorder | None = None
        self._emit = emit
        self._begun = moment()
        self.state = EngineState(self._begun)
        self._take(Configured(config=config))

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self.state.config

    @property
    def plans(self) -> Collection[Polled]:
        """The plans that the schedule is to carry out; servers with equal plans share one."""
        return self.state.plans.keys()

    @property
    def role(self) -> RoleStatus:
        """Whether it is active or standby, and why."""
        return self.state.role.status

    @property
    def least_interval(self) -> float:
        """Seconds from one check of a plan to the next, at least, as long as it has the role that it has; 0: none."""
        return self.state.role.least_interval(self.config.cluster)

    def health(self, real: RealKey) -> Health | None:
        """Return what is believed of *real*; None: there is no such server."""
        server = self.state.servers.get(real)
        return server.health if server else None

    # What happens.

    async def start(
        self,
        files: Files = NO_FILES,
        remembered: Mapping[str, Health] = NOTHING_REMEMBERED,
        commanded: Commands = NOTHING_COMMANDED,
        role: RoleTaken | None = None,
    ) -> None:
        """Take the table over as it is, and make it what the configuration asks for; raise `TableUnavailable`.

        *remembered* is what the last director knew of the servers, by `str(RealKey)`, and *commanded* what operators
        had said, by the names of their targets.  *role*: that which it begins with, if it is told one.
        """
        config = self.config
        found = await self.reconciler.learn([virtual.key for virtual in config.virtuals])
        self.state = EngineState(self._begun)
        if role is not None:
            self.take_role(role)
        self._take(Configured(config=config, found=found, files=files, remembered=remembered, commanded=commanded))
        await self.table.write(list(self.state.virtuals), Trigger.START, anew=True)

    async def reload(self, config: Config, files: Files = NO_FILES) -> None:
        """Put *config* in force: what did not change is not touched, nor is what is believed of it.

        *files* names the servers of *config* that are in maintenance.
        Raises `TableUnavailable`, and then everything is as it was.
        """
        before = list(self.state.virtuals)
        both = dict.fromkeys([*before, *(virtual.key for virtual in config.virtuals)])
        found = await self.reconciler.learn(list(both))
        given = Configured(config=config, found=found, files=files)
        for _ in range(_PREPARED):
            if await self._prepare(given):
                break
        self._step(given)
        await self.certificates.follow(self.state.plans)
        await self.table.write(list(dict.fromkeys([*before, *self.state.virtuals])), Trigger.RELOAD, anew=True)

    async def _prepare(self, given: Configured) -> bool:
        """Have the engine work out *given* a part at a time; return whether no operator has said anything meanwhile."""
        now = moment()
        if self.recorder is not None:
            self.recorder.preparing(given, now)
        prepared = self.state.prepare(given, now)
        async for _ in in_turns(prepared.work(), 1):
            pass
        return prepared.holds

    @property
    def commanded(self) -> Commands:
        """What operators have said and is in force, by the names of its targets."""
        return self.state.interventions.administration.commanded

    @property
    def in_maintenance(self) -> Collection[RealKey]:
        """The servers that are in maintenance."""
        return self.state.interventions.in_maintenance.keys()

    def maintain(self, changes: Mapping[RealKey, str | None]) -> dict[Polled, bool]:
        """Have servers in maintenance by the file named, or in it no longer (None); others stay as they are.

        Return the plans that end with that (False) and those that begin (True).
        """
        return self._exchange(Maintained(changes))

    def administer(self, given: Commanded | Elapsed) -> dict[Polled, bool]:
        """Have operators' commands come in force, or end; return the same as `maintain`."""
        return self._exchange(given)

    def take_role(self, given: RoleTaken) -> None:
        """Be active or standby from now on."""
        self._step(given)

    def _exchange(self, given: Input) -> dict[Polled, bool]:
        """Take an input by which servers may be checked by other plans."""
        self._step(given)
        for real, old, new in self.state.interventions.moved:
            self.certificates.move(real, old, new)
        return self.state.exchanged

    def report(self, polled: Polled, outcome: Outcome, seconds: float, lateness: float, asked: str = "") -> None:
        """Take note of what a check of *polled* found; see `probing.schedule.ReportOutcome`."""
        reals = self.state.unmoved_by(polled, outcome)
        if reals is None or self.recorder is not None:
            self._step(Observed(polled, outcome, seconds, lateness, asked))
        else:
            self._emit(CheckDone(reals, outcome, seconds, lateness, asked))

    def _take(self, given: Configured) -> None:
        """Step on with a configuration, which says who is checked."""
        self._step(given)
        self.certificates.take(self.state.plans)

    def _step(self, given: Input) -> None:
        state, now = self.state, moment()
        if self.recorder is not None:
            self.recorder.given(given, now)
        events, touched = state.step(given, now)
        for event in events:
            self._emit(event)
        if touched or (state.settling and state.all_asked):
            self.table.note(touched)
