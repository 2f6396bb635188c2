"""The engine: inputs change what is believed, and say what happened; what is wanted follows from what is believed.

It is pure: it has no clock and does no input or output, and the same inputs give the same events.  The state is kept in
place, because ten thousand servers are not copied for one outcome, but nobody else writes it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, assert_never

from ldirectord_py.engine.belief import Belief
from ldirectord_py.engine.decision import decide as decide_virtual
from ldirectord_py.engine.faults import LastingFaults
from ldirectord_py.engine.health import advance, unmoved
from ldirectord_py.engine.inputs import Configured, Input, Maintained, Moment, Observed, Step, TakenOut, Written
from ldirectord_py.engine.preparation import Preparation
from ldirectord_py.engine.servers import UNHEARD_OF, ServerState
from ldirectord_py.engine.subscriptions import Subscriptions
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.check_plan import CheckPlan, Polled
from ldirectord_py.model.config import Config, Virtual
from ldirectord_py.model.decisions import Decision, Mode
from ldirectord_py.model.events import (
    CheckDone,
    Event,
    FallbackChanged,
    FirstPassComplete,
    HealthChanged,
    InitialChecksDone,
    MaintenanceChanged,
    ServingChanged,
    SoftFailure,
)
from ldirectord_py.model.health import Health, Rules
from ldirectord_py.model.outcome import Outcome, Verdict
from ldirectord_py.model.service import RealKey, VirtualKey

_FAULT = Verdict.FAULT  # see `health.unmoved`


class Moved(NamedTuple):
    """A server that is checked by another plan than before."""

    real: RealKey
    old: CheckPlan
    new: CheckPlan


class EngineState:
    """What is believed of every real server of the configuration in force, and what has been told of it."""

    def __init__(self, begun: Moment) -> None:
        """Know nothing; *begun* is when the director began."""
        self.begun = begun
        self.config = Config(path="")
        self.virtuals: dict[VirtualKey, Virtual] = {}
        self.servers: dict[RealKey, ServerState] = {}
        self.first_pass = False
        """Whether every server that is checked has been checked once."""
        self.settling = False
        """Whether a start or a reload is under way: there are servers to ask, or decisions of it to write."""
        self.in_maintenance: dict[RealKey, None] = {}
        """No set: what is told follows its order, and the order of a set is another one in each process."""
        self.moved: list[Moved] = []
        """Who is checked by another plan since files in `maintenancedir` have come or gone last."""
        self.exchanged: dict[Polled, bool] = {}
        """The plans that have ended with that (False), and those that have begun (True)."""
        self._subscriptions = Subscriptions()
        self._faults = LastingFaults()
        self._standing_in: set[VirtualKey] = set()
        self._serving: dict[VirtualKey, bool] = {}
        self._unwritten: set[VirtualKey] = set()
        self._decided: dict[VirtualKey, Decision] = {}
        self._events: list[Event] = []
        self._touched: set[VirtualKey] = set()
        self._prepared: Preparation | None = None

    def belief(self) -> Belief:
        """Return all that is believed, and what has been told, as a value."""
        return Belief(
            config=self.config,
            begun=self.begun,
            servers=tuple(server.belief(real) for real, server in self.servers.items()),
            subscribers=tuple(self._subscriptions.reals.items()),
            unasked=frozenset(self._subscriptions.unasked),
            faults=self._faults.belief(),
            serving=tuple(self._serving.items()),
            standing_in=frozenset(self._standing_in),
            unwritten=frozenset(self._unwritten),
            in_maintenance=tuple(self.in_maintenance),
            first_pass=self.first_pass,
            settling=self.settling,
        )

    @classmethod
    def of(cls, belief: Belief) -> "EngineState":
        """Return a state that goes on where *belief* was taken."""
        state = cls(belief.begun)
        state.config = belief.config
        state.virtuals = {virtual.key: virtual for virtual in belief.config.virtuals}
        configured = {
            key: ServerState(real, Rules(virtual.failurecount), UNHEARD_OF)
            for virtual in belief.config.virtuals
            for key, real in virtual.servers
        }
        for known in belief.servers:
            state.servers[known.real] = configured[known.real].believing(known)
        state._subscriptions.restore(belief.subscribers, belief.unasked)
        state._faults.restore(belief.config.faults, belief.faults)
        state._serving = dict(belief.serving)
        state._standing_in = set(belief.standing_in)
        state._unwritten = set(belief.unwritten)
        state.in_maintenance = dict.fromkeys(belief.in_maintenance)
        state.first_pass, state.settling = belief.first_pass, belief.settling
        return state

    @property
    def plans(self) -> Mapping[Polled, tuple[RealKey, ...]]:
        """The plans that are to be carried out, each with the servers that share it."""
        return self._subscriptions.reals

    @property
    def all_asked(self) -> bool:
        """Whether every plan has ended once."""
        return not self._subscriptions.unasked

    def decide(self, virtual: VirtualKey) -> Decision | None:
        """Return what is wanted of *virtual*; None where it is not ours.

        It is a function of what is believed; no rule of today makes it change with time alone.
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

    def step(self, given: Input, now: Moment) -> Step:
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
        if self._subscriptions.unasked or self._faults or outcome.verdict is _FAULT:
            return None
        reals = self._subscriptions.reals.get(plan, ())
        servers = self.servers
        for real in reals:
            if not unmoved(servers[real].health, outcome):
                return None
        return reals

    def _observe(self, given: Observed, now: Moment) -> None:
        plan, outcome = given.plan, given.outcome
        reals = self._subscriptions.reals.get(plan, ())
        self._events.append(CheckDone(reals, outcome, given.seconds, given.lateness, given.asked))
        if outcome.verdict is Verdict.FAULT or self._faults:
            outcome, told = self._faults.counted(plan, outcome, self._subscriptions.reals, now.monotonic)
            self._events += told
        for real in reals:
            server = self.servers[real]
            if not unmoved(server.health, outcome):
                before = server.health
                server.health = advance(before, outcome, server.rules, now.epoch)
                self._note_change(real, server, before, given.asked)
        if self._subscriptions.unasked and plan in self._subscriptions.unasked:
            for virtual in self._subscriptions.asked(plan):
                if virtual not in self._unwritten:
                    self._tell_serving(virtual)
            self._note_pass(now)

    # A configuration comes in force.

    def _configure(self, given: Configured, now: Moment) -> None:
        """Believe of each server what was believed, or remembered, or what the table shows."""
        prepared, self._prepared = self._prepared, None
        if prepared is None or prepared.given is not given:
            prepared = self._preparation(given, now)
            for _ in prepared.work():
                pass
        prepared.complete()
        self.servers = prepared.servers
        self.config = given.config
        self.virtuals = {virtual.key: virtual for virtual in given.config.virtuals}
        self._decided.clear()
        self._standing_in &= self.virtuals.keys()
        self._unwritten &= self.virtuals.keys()
        self._serving = {key: serving for key, serving in self._serving.items() if key in self.virtuals}
        self.in_maintenance = {key: None for key in self.in_maintenance if key in self.servers}
        for key in dict.fromkeys((*self.in_maintenance, *given.files)):
            if (server := self.servers.get(key)) is not None:
                self._turn(key, server, given.files.get(key), now)
        prepared.let_in(now.epoch)
        self._subscriptions.replace(prepared.subscribers)
        self._faults.take(self.config.faults, self._subscriptions.reals)

    def prepare(self, given: Configured, now: Moment) -> Iterator[None]:
        """Work out what *given*, which is to follow as an input, makes of the servers; yields now and then."""
        self._prepared = self._preparation(given, now)
        yield from self._prepared.work()

    def _preparation(self, given: Configured, now: Moment) -> Preparation:
        stood_in = {RealKey(key, endpoint) for key in self._standing_in if (endpoint := self.fallback_of(key))}
        return Preparation(given, self.servers, stood_in, now)

    # Servers go into maintenance, and come back.

    def _maintain(self, changes: Mapping[RealKey, str | None], now: Moment) -> None:
        """Have servers go into maintenance, or come back.

        Who goes in is out at once, whatever it takes otherwise; who comes back is out until it has been asked.
        """
        self.moved, self.exchanged = [], {}
        for key, file in changes.items():
            if (server := self.servers.get(key)) is None:
                continue
            virtual = self.virtuals[key.virtual]
            old = server.plan(key, virtual)
            if self._turn(key, server, file, now):
                self.moved.append(Moved(key, old, server.plan(key, virtual)))
        if not self.moved:
            return
        for key, old, new in self.moved:
            self.exchanged |= self._subscriptions.move(key, old, new)
        self._faults.forget(plan for plan, begins in self.exchanged.items() if not begins)
        # A server in maintenance is waited for no longer, and may have been the last one.
        for whole in dict.fromkeys(key.virtual for key, _, _ in self.moved):
            if whole not in self._unwritten:
                self._tell_serving(whole)
        self._note_pass(now)

    def _turn(self, key: RealKey, server: ServerState, file: str | None, now: Moment) -> bool:
        """Have *server* go into maintenance, or come back, if *file* says so; return whether it does."""
        was = server.file
        if (was is None) == (file is None):
            server.file = file
            return False
        before = server.health
        self._events.append(MaintenanceChanged(key, file is not None, file or was or ""))
        if file is not None:
            self.in_maintenance[key] = None
            server.enter_maintenance(file, now.epoch)
        else:
            self.in_maintenance.pop(key, None)
            server.leave_maintenance(now.epoch)
        self._note_change(key, server, before)
        return True

    # The table.

    def _note_taken_out(self, real: RealKey) -> None:
        if (server := self.servers.get(real)) is not None and not server.taken_out:
            server.taken_out = True
            self._touch(real.virtual)

    def _note_written(self, given: Written, now: Moment) -> None:
        """Tell what only counts once the table shows it."""
        self._unwritten.difference_update(given.virtuals)
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
        decision = self.decide(key)
        active = decision is not None and decision.mode is Mode.FALLBACK
        if active != (key in self._standing_in):
            self._standing_in.symmetric_difference_update({key})
            self._events.append(FallbackChanged(key, active, self.fallback_of(key)))

    def _tell_serving(self, key: VirtualKey) -> None:
        """Tell whether anybody serves, if that is news, and not while those who may are still to be asked."""
        virtual = self.virtuals[key]
        serving = any(self.servers[real].health.state.serving for real in virtual.keys)
        told = self._serving.get(key)
        if serving is not told and (serving or not self._subscriptions.awaited(key)):
            self._serving[key] = serving
            self._events.append(ServingChanged(key, serving, virtual.fallback is not None, first=told is None))

    # What all of these have in common.

    def fallback_of(self, virtual: VirtualKey) -> Endpoint | None:
        """Return where the table has the fallback of *virtual*; None where it has none."""
        configured = self.virtuals.get(virtual)
        if configured is None or configured.fallback is None:
            return None
        return configured.kernel_endpoint(configured.fallback)

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

    def _touch(self, virtual: VirtualKey) -> None:
        self._decided.pop(virtual, None)
        self._touched.add(virtual)
        self._unwritten.add(virtual)
