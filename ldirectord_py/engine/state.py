"""The engine: inputs change what is believed, and say what happened; what is wanted follows from what is believed.

It is pure: it has no clock and does no input or output, and the same inputs give the same events.  The state is kept in
place, because ten thousand servers are not copied for one outcome, but nobody else writes it.
"""

from collections.abc import Mapping
from typing import assert_never

from ldirectord_py.engine.admin.interventions import Interventions, Said, commanded
from ldirectord_py.engine.decision import decide as decide_virtual
from ldirectord_py.engine.faults import LastingFaults
from ldirectord_py.engine.health import advance, unmoved
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
    StepResult,
    TakenOut,
    Written,
)
from ldirectord_py.engine.preparation import Preparation
from ldirectord_py.engine.role import HeldRole
from ldirectord_py.engine.servers import ServerState
from ldirectord_py.engine.serving import Serving
from ldirectord_py.engine.subscriptions import Subscriptions
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_plan import Polled
from ldirectord_py.model.checks.outcome import Outcome, Verdict
from ldirectord_py.model.cluster.role import RoleStatus
from ldirectord_py.model.commands import AdminState, Command
from ldirectord_py.model.config import Config, Virtual
from ldirectord_py.model.decisions import Decision
from ldirectord_py.model.events import (
    AdminCause,
    CheckDone,
    Event,
    FirstPassComplete,
    HealthChanged,
    InitialChecksDone,
    SoftFailure,
)
from ldirectord_py.model.health import Health
from ldirectord_py.model.service import RealKey, VirtualKey

_FAULT = Verdict.FAULT  # see `health.unmoved`


class EngineState:
    """What is believed of every real server of the configuration in force, and what has been told of it."""

    def __init__(self, begun: Moment, role: RoleStatus | None = None) -> None:
        """Know nothing but the *role*, if that; *begun* is when the director began."""
        self.begun = begun
        self.role = HeldRole(role)
        self.config = Config(path="")
        self.virtuals: dict[VirtualKey, Virtual] = {}
        self.servers: dict[RealKey, ServerState] = {}
        self.first_pass = False
        """Whether every server that is checked has been checked once."""
        self.settling = False
        """Whether a start or a reload is under way: there are servers to ask, or decisions of it to write."""
        self.interventions = Interventions(self._tell, self._note_change)
        self.exchanged: dict[Polled, bool] = {}
        """The plans that have ended with that (False), and those that have begun (True)."""
        self.subscriptions = Subscriptions()
        self.faults = LastingFaults()
        self.serving = Serving()
        self._decided: dict[VirtualKey, Decision] = {}
        self._events: list[Event] = []
        self._touched: set[VirtualKey] = set()
        self._prepared: Preparation | None = None

    @property
    def plans(self) -> Mapping[Polled, tuple[RealKey, ...]]:
        """The plans that are to be carried out, each with the servers that share it."""
        return self.subscriptions.reals

    @property
    def all_asked(self) -> bool:
        """Whether every plan has ended once."""
        return not self.subscriptions.unasked

    def decide(self, virtual: VirtualKey) -> Decision | None:
        """Return what is wanted of *virtual*; None where it is not ours.

        It is a function of what is believed; when it changes with time alone, it says when.
        """
        if (decision := self._decided.get(virtual)) is not None:
            return decision
        if (configured := self.virtuals.get(virtual)) is None:
            return None
        decision = self._decided[virtual] = decide_virtual(configured, self.servers)
        return decision

    def may_stay_out(self, real: RealKey) -> bool:
        """Return whether *real* may be left out of the table by who took it out: it does not serve anyway."""
        server = self.servers.get(real)
        return server is not None and not server.health.state.serving and not self.config.readdquiescent

    def step(self, given: Input, now: Moment) -> StepResult:
        """Take *given*, which happened *now*; return what it has brought about."""
        events: list[Event] = []
        self._events = events
        match given:
            case Observed():
                self._observe(given, now)
            case Written():
                self._note_written(given, now)
            case Maintained():
                self._maintain(given.changes, now)
            case Commanded() | Handset():
                self._command(*commanded(given, self.servers), now)
            case Elapsed():
                self._administer(self.interventions.administration.ended(now.epoch), AdminCause.EXPIRED, now)
            case RoleTaken():
                events += self.role.take(given, now)
            case TakenOut():
                self._note_taken_out(given.real)
            case Configured():
                self._configure(given, now)
            case _:
                assert_never(given)
        if not self._touched:
            return events, ()
        touched, self._touched = self._touched, set()
        return events, touched

    # A check ends.

    def unmoved_by(self, plan: Polled, outcome: Outcome) -> tuple[RealKey, ...] | None:
        """Return the servers that *plan* speaks for if *outcome* is no news of any, as almost none is; None: it may be.

        Where it is none, `step` would tell that the check is done, and change nothing, at whatever moment it came.
        """
        if self.subscriptions.unasked or self.faults or outcome.verdict is _FAULT:
            return None
        reals = self.subscriptions.reals.get(plan, ())
        servers = self.servers
        for real in reals:
            if not unmoved(servers[real].health, outcome):
                return None
        return reals

    def _observe(self, given: Observed, now: Moment) -> None:
        plan, outcome = given.plan, given.outcome
        reals = self.subscriptions.reals.get(plan, ())
        self._events.append(CheckDone(reals, outcome, given.seconds, given.lateness, given.asked))
        if outcome.verdict is Verdict.FAULT or self.faults:
            outcome, told = self.faults.counted(plan, outcome, self.subscriptions.reals, now.monotonic)
            self._events += told
        for real in reals:
            server = self.servers[real]
            if not unmoved(server.health, outcome):
                before = server.health
                server.health = advance(before, outcome, server.rules, now.epoch)
                self._note_change(real, server, before, given.asked)
        if self.subscriptions.unasked and plan in self.subscriptions.unasked:
            for virtual in self.subscriptions.asked(plan):
                if virtual not in self.serving.unwritten:
                    self._tell_serving(virtual)
            self._note_pass(now)

    # A configuration comes in force.

    def _configure(self, given: Configured, now: Moment) -> None:
        """Believe of each server what was believed, or remembered, or what the table shows."""
        prepared, self._prepared = self._prepared, None
        people = self.interventions
        if prepared is None or prepared.given is not given or not prepared.holds:
            prepared = self._preparation(given, now)
            for _ in prepared.work():
                pass
        prepared.complete()
        self.servers = prepared.servers
        self.config = given.config
        self.virtuals = {virtual.key: virtual for virtual in given.config.virtuals}
        self._decided.clear()
        self.serving.keep(self.virtuals)
        people.keep(self.servers, self.virtuals, given.commanded)
        people.resume(self.servers, given.files, prepared.administered, now)
        prepared.let_in(now.epoch)
        self.subscriptions.replace(prepared.subscribers)
        self.faults.take(self.config.faults, self.subscriptions.reals)

    def prepare(self, given: Configured, now: Moment) -> Preparation:
        """Return what works out what *given*, which is to follow as an input, makes of the servers."""
        self._prepared = self._preparation(given, now)
        return self._prepared

    def _preparation(self, given: Configured, now: Moment) -> Preparation:
        standing_in = self.serving.standing_in
        stood_in = {RealKey(key, endpoint) for key in standing_in if (endpoint := self.fallback_of(key))}
        return Preparation(given, self.servers, stood_in, now, self.interventions.administration)

    # Servers go into maintenance, and come back; operators say something.

    def _maintain(self, changes: Mapping[RealKey, str | None], now: Moment) -> None:
        self.interventions.moved = []
        for key, file in changes.items():
            if (server := self.servers.get(key)) is not None:
                self.interventions.move(key, server, self.virtuals[key.virtual], Said(file, server.admin), now)
        self._exchange(now)

    def _command(self, command: Command, cause: AdminCause, now: Moment) -> None:
        changes = self.interventions.administration.carry_out(command, self.servers, now.epoch)
        self._administer(changes, cause, now, command)

    def _administer(
        self,
        changes: Mapping[RealKey, AdminState | None],
        cause: AdminCause,
        now: Moment,
        command: Command | None = None,
    ) -> None:
        """Have other admin states be in force; who is enabled is as its checks say, or is asked first."""
        self.interventions.moved = []
        for key, admin in changes.items():
            server = self.servers[key]
            self.interventions.administer(key, server, admin, cause, command)
            self.interventions.move(key, server, self.virtuals[key.virtual], Said(server.file, admin), now)
            self._touch(key.virtual)
        self._exchange(now)

    def _exchange(self, now: Moment) -> None:
        """Have those who have moved be checked as their new plans say."""
        self.exchanged = {}
        moved = self.interventions.moved
        if not moved:
            return
        for key, old, new in moved:
            self.exchanged |= self.subscriptions.move(key, old, new)
        self.faults.forget(plan for plan, begins in self.exchanged.items() if not begins)
        # A server in maintenance is waited for no longer, and may have been the last one.
        for whole in dict.fromkeys(key.virtual for key, _, _ in moved):
            if whole not in self.serving.unwritten:
                self._tell_serving(whole)
        self._note_pass(now)

    # The table.

    def _note_taken_out(self, real: RealKey) -> None:
        if (server := self.servers.get(real)) is not None and not server.taken_out:
            server.taken_out = True
            self._touch(real.virtual)

    def _note_written(self, given: Written, now: Moment) -> None:
        """Tell what only counts once the table shows it."""
        self.serving.unwritten.difference_update(given.virtuals)
        for key in given.virtuals:
            if key in self.virtuals:
                self._tell_fallback(key)
                self._tell_serving(key)
        self.settling = self.settling or given.anew
        if given.anew:
            self._note_pass(now)
        if self.settling and given.all and self.all_asked:
            self.settling = False
            self._events.append(InitialChecksDone())

    def _tell_fallback(self, key: VirtualKey) -> None:
        self._events += self.serving.fallback_news(key, self.decide(key), self.fallback_of(key))

    def _tell_serving(self, key: VirtualKey) -> None:
        awaited = self.subscriptions.awaited(key)
        self._events += self.serving.news(self.virtuals[key], self.servers, awaited=awaited)

    # What all of these have in common.

    def fallback_of(self, virtual: VirtualKey) -> Endpoint | None:
        """Return where the table has the fallback of *virtual*; None where it has none."""
        configured = self.virtuals.get(virtual)
        return configured.fallback_endpoint if configured else None

    def _note_pass(self, now: Moment) -> None:
        """Tell once that all have been asked."""
        if self.all_asked and not self.first_pass:
            self.first_pass = True
            self._events.append(FirstPassComplete(now.monotonic - self.begun.monotonic))

    def _note_change(self, real: RealKey, server: ServerState, before: Health, asked: str = "") -> None:
        after, failurecount = server.health, server.rules.failurecount
        self._decided.pop(real.virtual, None)
        if before.state is not after.state:
            self._events.append(HealthChanged(real, before, after, failurecount, asked))
            if after.state.serving:
                server.taken_out = False
            if before.state.serving != after.state.serving:
                self._touch(real.virtual)
        elif after.failures > before.failures:
            self._events.append(SoftFailure(real, after, failurecount, asked))
        elif after.failures < before.failures:
            self._events.append(HealthChanged(real, before, after, failurecount, asked))

    def _tell(self, event: Event) -> None:
        self._events.append(event)

    def _touch(self, virtual: VirtualKey) -> None:
        self._decided.pop(virtual, None)
        self._touched.add(virtual)
        self.serving.unwritten.add(virtual)
