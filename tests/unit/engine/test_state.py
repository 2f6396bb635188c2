"""The engine, over any sequence of outcomes, reloads, maintenance, strangers' hands in the table, and time."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import combinations, product

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ldirectord_py.checks.connect import Connect
from ldirectord_py.engine.admin.interventions import respects_hand
from ldirectord_py.engine.apply import apply
from ldirectord_py.engine.decision import decide
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
from ldirectord_py.engine.plan import plan
from ldirectord_py.engine.recording.state_as_belief import belief_of
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_plan import Always, Never, Repeated
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, fault, up
from ldirectord_py.model.checks.probe import Probe
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.commands import AdminKind, Command, Drain, Enable, Maintain, SetWeight, Target
from ldirectord_py.model.config import Config, Fallback, ForeignWeight, Real, Virtual
from ldirectord_py.model.decisions import Who
from ldirectord_py.model.events import CheckDone, Event, HealthChanged
from ldirectord_py.model.health import State
from ldirectord_py.model.service import AddressKey, Forwarding, Protocol, RealKey, VirtualKey
from ldirectord_py.model.table import Destination, Service, Settings

SERVERS = (1, 2, 3)
OUTCOMES = (up(), down(Reason.REFUSED, "connection refused"), down(Reason.STATUS, "503"), fault("ours"))
FALLBACK = Fallback(
    endpoint=Endpoint(IPv4Address("10.9.0.9"), 80), destination=Destination(forwarding=Forwarding.GATE, weight=1)
)


def checked(number: int) -> Repeated:
    """Return the check of one server, which its line in each virtual shares."""
    return Repeated(probe=Probe(check=Connect(), timeout=number), interval=1)


def real(number: int, weight: int, kind: str) -> Real:
    return Real(
        endpoint=Endpoint(IPv4Address(f"10.9.0.{number}"), 80),
        destination=Destination(forwarding=Forwarding.GATE, weight=weight),
        plan={"checked": checked(number), "on": Always(), "off": Never()}[kind],
    )


def service(port: int, **more: object) -> Virtual:
    return Virtual(
        key=AddressKey(Protocol.TCP, Endpoint(IPv4Address("10.9.9.1"), port)),
        settings=Settings(scheduler="wlc", netmask=IPv4Address("255.255.255.255")),
        **more,
    )


# Whole values are drawn, not their parts: drawing takes most of the time.
KINDS = ("checked", "checked", "on", "off")
reals = st.sampled_from([real(*each) for each in product(SERVERS, (0, 1, 2), KINDS)])
rules = st.sampled_from(
    [
        {"fallback": fallback, "quiescent": quiescent, "failurecount": failurecount, "handset": handset}
        for fallback, quiescent, failurecount, handset in product(
            (None, FALLBACK), (False, True), (1, 2, 3), ForeignWeight
        )
    ]
)
services = st.builds(
    lambda port, reals, rules: service(port, reals=tuple(reals), **rules),
    st.sampled_from([80, 81]),
    st.lists(reals, max_size=4),
    rules,
)
configs = st.builds(
    Config,
    path=st.just("test.cf"),
    virtuals=st.lists(services, max_size=2, unique_by=lambda virtual: virtual.key).map(tuple),
    readdquiescent=st.booleans(),
)
TARGETS: tuple[Target, ...] = (
    *(IPv4Address(f"10.9.0.{number}") for number in SERVERS),
    *(service(port).key for port in (80, 81)),
    *(RealKey(service(port).key, real(number, 1, "on").endpoint) for number, port in product(SERVERS, (80, 81))),
)
COMMANDS: tuple[Command, ...] = tuple(
    command
    for target, until in product(TARGETS, (None, 1500.0, 1e6))
    for command in (
        Drain(target=target, by="root", until=until),
        Maintain(target=target, by="root", until=until),
        SetWeight(target=target, weight=0, by="root", until=until),
        SetWeight(target=target, weight=3, by="root", until=until),
        Enable(target=target, by="root"),
    )
)
commands = st.sampled_from(COMMANDS)
maintained = st.sampled_from([set(each) for many in range(3) for each in combinations(SERVERS, many)])


class Engine(RuleBasedStateMachine):
    """An engine whose decisions are written at once, or a while later, into a table that others change too."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.begun = Moment(self.now, self.now)
        self.state = EngineState(self.begun)
        self.table: dict[VirtualKey, Service] = {}
        self.given: list[tuple[Input, Moment]] = []
        self.told: list[Event] = []
        self.pending: set[VirtualKey] = set()
        self.files: dict[RealKey, str] = {}

    def step(self, given: Input) -> Sequence[Event]:
        moment = Moment(self.now, self.now)
        self.given.append((given, moment))
        done = self.nothing_but(given)
        before = done and belief_of(self.state)
        events, touched = self.state.step(given, moment)
        if done:
            assert (events, touched) == ([done], ())
            assert belief_of(self.state) == before
        self.told += events
        self.pending.update(touched)
        return events

    def nothing_but(self, given: Input) -> CheckDone | None:
        """Return all that *given* is to bring about, where the director need not hand it in for that."""
        if not isinstance(given, Observed):
            return None
        plan, *found = given
        reals = self.state.unmoved_by(plan, given.outcome)
        return None if reals is None else CheckDone(reals, *found)

    @initialize(config=configs)
    def begins(self, config: Config) -> None:
        self.step(Configured(config=config, found=dict(self.table)))
        self.write_all(anew=True)

    @rule(number=st.sampled_from(SERVERS), outcome=st.sampled_from(OUTCOMES))
    def ends_a_check(self, number: int, outcome: Outcome) -> None:
        self.step(Observed(checked(number), outcome, 0.01, 0.0))

    @rule(config=configs)
    def reloads(self, config: Config) -> None:
        gone = set(self.table)
        self.files = {key: file for key, file in self.files.items() if key in keys_of(config)}
        self.step(Configured(config=config, found=dict(self.table), files=self.files))
        self.pending |= gone
        self.write_all(anew=True)

    @rule()
    def reloads_what_is_in_force(self) -> None:
        self.written()
        config = replace(self.state.config)
        assert not self.step(Configured(config=config, found=dict(self.table), files=self.files))
        self.write_all(anew=True)

    @rule(numbers=maintained)
    def maintains(self, numbers: set[int]) -> None:
        addresses = {IPv4Address(f"10.9.0.{number}") for number in numbers}
        keys = [key for key in self.state.servers if key.real.address in addresses]
        before, self.files = self.files, {key: str(key.real.address) for key in keys}
        self.step(Maintained({key: self.files.get(key) for key in {*before, *self.files}}))

    @rule(command=commands)
    def is_told(self, command: Command) -> None:
        self.step(Commanded(command))

    @rule(role=st.sampled_from(Role), source=st.sampled_from(["/run/role", "vip"]))
    def is_given_a_role(self, role: Role, source: str) -> None:
        """A role changes no decision; it is told when it is another one than before."""
        before = {key: self.state.decide(key) for key in self.state.virtuals}
        held = self.state.role.status
        events = self.step(RoleTaken(role, source))
        assert self.state.role.status.role is role
        assert self.state.role.status.source == source
        assert bool(events) == (role is not held.role)
        assert self.state.role.status.since == (self.now if events else held.since)
        assert {key: self.state.decide(key) for key in self.state.virtuals} == before

    @rule()
    def comes_to_an_end(self) -> None:
        self.step(Elapsed())
        until = self.state.interventions.administration.until
        assert until is None or until > self.now

    @precondition(lambda self: self.table)
    @rule(data=st.data(), weight=st.integers(0, 3))
    def is_set_by_hand(self, data: st.DataObject, weight: int) -> None:
        """A stranger sets a weight: it holds where that is respected, and is repaired elsewhere."""
        self.written()
        reals = [key for key in self.state.servers if key.real in self.table[key.virtual].destinations]
        if not reals:
            return
        key = data.draw(st.sampled_from(sorted(reals, key=str)))
        if respects_hand(self.state.virtuals[key.virtual], self.state.servers[key], weight):
            self.step(Handset(key, weight))

    @rule()
    def written(self) -> None:
        pending, self.pending = self.pending, set()
        self._write(pending)
        self.step(Written(tuple(pending), all=True))

    @rule(seconds=st.floats(0, 1e6))
    def passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.table)
    @rule(number=st.integers(0, 9))
    def takes_out_by_hand(self, number: int) -> None:
        """A stranger removes a server, which is repaired unless it was out anyway and may stay so."""
        self.written()
        places = [
            (virtual, place) for virtual in sorted(self.table, key=str) for place in self.table[virtual].destinations
        ]
        if not places:
            return
        virtual, place = places[number % len(places)]
        destinations = dict(self.table[virtual].destinations)
        del destinations[place]
        self.table[virtual] = Service(self.table[virtual].settings, destinations)
        if self.state.may_stay_out(RealKey(virtual, place)):
            self.step(TakenOut(RealKey(virtual, place)))
        self._write([virtual])

    def write_all(self, *, anew: bool) -> None:
        virtuals = {*self.pending, *self.state.virtuals}
        self.pending.clear()
        self._write(virtuals)
        self.step(Written(tuple(virtuals), anew=anew))

    def _write(self, virtuals: object) -> None:
        for virtual in sorted(virtuals, key=str):
            decision = self.state.decide(virtual)
            wanted = {} if decision is None else {virtual: decision.service}
            changes = plan(wanted, self.table, gone=[virtual])
            served = served_before = weight(self.table.get(virtual))
            for change in changes:
                apply([change], self.table)
                served = min(served, weight(self.table.get(virtual)))
            # whoever is served before and after is served in between
            assert served or not (served_before and weight(self.table.get(virtual)))
            if decision is not None:
                assert plan(wanted, self.table) == []
                assert plan(wanted, wanted) == []

    @invariant()
    def a_server_that_may_serve_has_its_weight(self) -> None:
        for key, server in self.state.servers.items():
            decision = self.state.decide(key.virtual)
            assert decision is not None
            if server.health.state is not State.UP or server.file is not None:
                continue
            expected = server.real.destination.weight
            if server.admin is not None:
                expected = server.admin.weight if server.admin.kind is AdminKind.WEIGHT else 0
            assert decision.reals[key].weight == expected
            assert weight(decision.service) >= min(expected, 1)

    @invariant()
    def a_server_that_is_drained_keeps_its_entry(self) -> None:
        for key, server in self.state.servers.items():
            assert (key in self.state.interventions.administration.states) == (server.admin is not None)
            if server.admin is not None and server.admin.kind is AdminKind.DRAIN:
                decision = self.state.decide(key.virtual)
                assert decision is not None
                assert decision.reals[key].weight == 0
                assert key.real in decision.service.destinations

    @invariant()
    def a_decision_says_when_the_first_command_ends(self) -> None:
        for key, virtual in self.state.virtuals.items():
            decision = self.state.decide(key)
            assert decision is not None
            admins = (self.state.servers[name].admin for name in virtual.keys)
            assert decision.until == min((each.until for each in admins if each and each.until), default=None)

    @invariant()
    def a_server_in_maintenance_has_none(self) -> None:
        for key in self.files:
            decision = self.state.decide(key.virtual)
            assert decision is not None
            assert not decision.reals[key].weight

    @invariant()
    def a_decision_follows_from_what_is_believed(self) -> None:
        for key, virtual in self.state.virtuals.items():
            assert self.state.decide(key) == decide(virtual, self.state.servers)

    @invariant()
    def causes_begin_with_the_configuration_and_explain_every_other_weight(self) -> None:
        for key in self.state.virtuals:
            decision = self.state.decide(key)
            assert decision is not None
            for name, standing in decision.reals.items():
                configured = self.state.servers[name].real.destination.weight
                assert standing.because[0].who is Who.CONFIG
                server = self.state.servers[name]
                assert (len(standing.because) == 1) == (server.health.state.serving and server.admin is None)
                assert len(standing.because) > 1 or standing.weight == configured

    @invariant()
    def what_is_pending_is_all_that_differs(self) -> None:
        for virtual in set(self.state.virtuals) - self.pending:
            decision = self.state.decide(virtual)
            assert decision is not None
            assert self.table.get(virtual) == decision.service

    def teardown(self) -> None:
        """Whoever is given the same tells the same, and of changes only."""
        again = EngineState(self.begun)
        assert [event for given, moment in self.given for event in again.step(given, moment)[0]] == self.told
        assert all(event.before != event.after for event in self.told if isinstance(event, HealthChanged))


def weight(one: Service | None) -> int:
    return sum(entry.weight for entry in one.destinations.values()) if one else 0


def keys_of(config: Config) -> set[RealKey]:
    return {key for virtual in config.virtuals for key in virtual.keys}


TestEngine = Engine.TestCase
TestEngine.settings = hypothesis_settings(max_examples=150, stateful_step_count=40, deadline=None)
