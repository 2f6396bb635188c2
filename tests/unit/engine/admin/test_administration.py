"""What operators' commands make of servers, and of those that come later."""

from ipaddress import IPv4Address

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.engine.inputs import (
    Commanded,
    Configured,
    Elapsed,
    Handset,
    Maintained,
    Moment,
    Observed,
    Written,
)
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.checks.outcome import Reason, down, up
from ldirectord_py.model.commands import AdminKind, AdminState, Command, Drain, Enable, Maintain, SetWeight, target_name
from ldirectord_py.model.config import Config
from ldirectord_py.model.decisions import Mode, Who
from ldirectord_py.model.events import AdminCause, AdminChanged, MaintenanceChanged, ServingChanged
from ldirectord_py.model.health import State
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.table import Forwarding, TableState

TEXT = """\
quiescent={quiescent}
virtual=10.0.0.1:80
\treal=10.0.0.5:80 gate 3
\treal=10.0.0.6:80 gate 2
\tservice=http
\thandset={handset}
"""
SECOND = "virtual=10.0.0.2:80\n\treal=10.0.0.5:80 gate 7\n\tservice=http\n"
FALLBACK = "fallback=127.0.0.1:80\n"
A, B = "10.0.0.5:80", "10.0.0.6:80"
HOST = IPv4Address("10.0.0.5")


def config(more: str = "", *, quiescent: bool = False, handset: str = "repair") -> Config:
    text = TEXT.format(quiescent="yes" if quiescent else "no", handset=handset)
    return parse((FALLBACK * (more == FALLBACK) + text + more * (more != FALLBACK)).encode(), "web.cf")


class Night:
    """An engine whose servers have all been found up."""

    def __init__(self, first: Config, commanded: dict[str, AdminState] | None = None, found: TableState | None = None):
        self.now = 1000.0
        self.state = EngineState(Moment(self.now, self.now))
        self.events: list[object] = []
        self.step(Configured(config=first, commanded=commanded or {}, found=found or {}))
        self.check(up())

    def step(self, given: object) -> None:
        self.events = list(self.state.step(given, Moment(self.now, self.now))[0])

    def check(self, outcome: object) -> None:
        for plan in list(self.state.plans):
            self.step(Observed(plan, outcome, 0, 0))

    def tell(self, command: Command) -> list[AdminChanged]:
        self.step(Commanded(command))
        return [event for event in self.events if isinstance(event, AdminChanged)]

    def real(self, name: str, virtual: int = 0) -> RealKey:
        key = list(self.state.virtuals)[virtual]
        return next(real for real in self.state.virtuals[key].keys if str(real.real) == name)

    def weights(self, virtual: int = 0) -> dict[str, int]:
        decision = self.state.decide(list(self.state.virtuals)[virtual])
        assert decision is not None
        return {str(real): entry.weight for real, entry in decision.service.destinations.items()}


@pytest.mark.parametrize("quiescent", [True, False])
def test_a_drained_server_keeps_its_entry_with_weight_0_whatever_its_checks_say(quiescent: bool) -> None:
    night = Night(config(quiescent=quiescent))
    (event,) = night.tell(Drain(target=night.real(A), by="root", reason="a new release"))
    assert (event.before, event.by, event.reason) == (None, "root", "a new release")
    assert night.weights() == {A: 0, B: 2}
    night.check(down(Reason.REFUSED, "connection refused"))
    assert night.weights() == ({A: 0, B: 0} if quiescent else {A: 0})
    decision = night.state.decide(night.real(A).virtual)
    assert decision is not None
    assert [(cause.who, cause.sentence) for cause in decision.reals[night.real(A)].because] == [
        (Who.CONFIG, "weight 3 is configured"),
        (Who.CHECK, "is down: connection refused"),
        (Who.OPERATOR, "is drained by root: a new release"),
    ]
    night.check(up())
    night.tell(Enable(target=night.real(A), by="root"))
    assert night.weights() == {A: 3, B: 2}


def test_the_fallback_stands_in_while_all_are_drained() -> None:
    night = Night(config(FALLBACK))
    night.tell(Drain(target=night.real(A).virtual, by="root"))
    decision = night.state.decide(night.real(A).virtual)
    assert decision is not None
    assert decision.mode is Mode.FALLBACK
    assert night.weights() == {A: 0, B: 0, "127.0.0.1:80": 1}


def test_a_weight_holds_while_the_checks_pass_and_a_failure_beats_it() -> None:
    night = Night(config(quiescent=True))
    night.tell(SetWeight(target=night.real(A), weight=9, by="root"))
    assert night.weights() == {A: 9, B: 2}
    night.check(down(Reason.STATUS, "503"))
    assert night.weights() == {A: 0, B: 0}
    night.check(up())
    assert night.weights() == {A: 9, B: 2}


def test_maintenance_by_command_is_no_check_and_ends_with_a_success() -> None:
    night = Night(config())
    plans = set(night.state.plans)
    night.tell(Maintain(target=night.real(A), by="root"))
    assert night.weights() == {B: 2}
    assert len(night.state.exchanged) == 2
    assert not any(isinstance(event, MaintenanceChanged) for event in night.events)  # of that a file alone is told
    night.tell(Enable(target=night.real(A), by="root"))
    assert set(night.state.plans) == plans
    assert night.state.servers[night.real(A)].health.state is State.UNKNOWN
    night.check(up())
    assert night.weights() == {A: 3, B: 2}


def test_of_a_file_and_a_command_each_keeps_a_server_in_maintenance() -> None:
    night = Night(config())
    one = night.real(A)
    night.tell(Maintain(target=one, by="root"))
    night.step(Maintained({one: "10.0.0.5"}))
    night.step(Maintained({one: None}))
    assert night.state.servers[one].in_maintenance
    assert [type(event) for event in night.events] == []
    night.step(Maintained({one: "10.0.0.5"}))
    night.tell(Enable(target=one, by="root"))
    assert night.state.servers[one].in_maintenance
    night.step(Maintained({one: None}))
    assert not night.state.servers[one].in_maintenance
    assert MaintenanceChanged(one, active=False, by="10.0.0.5") in night.events


def test_the_later_command_wins_and_tells_which_one_it_replaces() -> None:
    night = Night(config())
    night.tell(Drain(target=night.real(A), by="eve"))
    (event,) = night.tell(SetWeight(target=night.real(A), weight=5, by="root"))
    assert event.before is not None
    assert (event.before.kind, event.before.by) == (AdminKind.DRAIN, "eve")
    assert night.weights() == {A: 5, B: 2}


def test_a_command_ends_when_its_time_is_over() -> None:
    night = Night(config())
    night.tell(Drain(target=night.real(A), by="root", until=1060.0))
    decision = night.state.decide(night.real(A).virtual)
    assert decision is not None
    assert decision.until == 1060.0
    night.now = 1059.9
    night.step(Elapsed())
    assert night.weights() == {A: 0, B: 2}
    night.now = 1060.0
    night.step(Elapsed())
    assert [event.cause for event in night.events if isinstance(event, AdminChanged)] == [AdminCause.EXPIRED]
    assert night.weights() == {A: 3, B: 2}


def test_a_host_is_drained_everywhere_and_in_virtuals_that_a_reload_brings() -> None:
    night = Night(config())
    assert len(night.tell(Drain(target=HOST, by="root"))) == 1
    night.step(Configured(config=config(SECOND)))
    (event,) = [event for event in night.events if isinstance(event, AdminChanged)]
    assert (event.cause, str(event.real.virtual)) == (AdminCause.RESTORED, "tcp:10.0.0.2:80")
    assert event.after is not None
    assert event.after.scope == "10.0.0.5"
    night.check(up())
    assert (night.weights(0), night.weights(1)) == ({A: 0, B: 2}, {A: 0})
    assert len(night.tell(Enable(target=HOST, by="root"))) == 2
    night.step(Configured(config=config()))
    night.step(Configured(config=config(SECOND)))
    night.check(up())
    assert night.weights(1) == {A: 7}


def test_a_server_that_a_reload_takes_away_takes_its_command_along() -> None:
    night = Night(config(SECOND))
    night.tell(Drain(target=night.real(A, 1), by="root"))
    night.step(Configured(config=config()))
    assert [event.cause for event in night.events if isinstance(event, AdminChanged)] == [AdminCause.DROPPED]
    night.step(Configured(config=config(SECOND)))
    night.check(up())
    assert night.weights(1) == {A: 7}


def test_a_command_between_the_preparation_of_a_reload_and_its_coming_in_force_holds() -> None:
    night = Night(config())
    given = Configured(config=config(SECOND))
    for _ in night.state.prepare(given, Moment(night.now, night.now)).work():
        pass
    one = night.real(A)
    night.tell(Maintain(target=one, by="root"))
    night.step(given)
    assert one in night.state.plans[night.state.servers[one].plan(one, night.state.virtuals[one.virtual])]
    assert not any(one in reals for plan, reals in night.state.plans.items() if plan.interval != 10)


def test_what_was_said_before_a_restart_holds_after_it() -> None:
    before = Night(config())
    before.tell(Drain(target=before.real(A), by="root"))
    before.tell(SetWeight(target=before.real(B), weight=5, by="root"))
    states = before.state.interventions.administration.states
    found = {key: decision.service for key in before.state.virtuals if (decision := before.state.decide(key))}
    after = Night(config(), {target_name(real): state for real, state in states.items()}, found)
    assert after.weights() == {A: 0, B: 5}
    after.tell(Enable(target=after.real(A), by="root"))
    assert after.weights() == {A: 3, B: 5}


def test_a_drained_server_is_adopted_as_serving_although_its_weight_is_0() -> None:
    before = Night(config())
    before.tell(Drain(target=before.real(A), by="root"))
    found = {key: decision.service for key in before.state.virtuals if (decision := before.state.decide(key))}
    state = EngineState(Moment(0, 0))
    said = {target_name(before.real(A)): before.state.interventions.administration.states[before.real(A)]}
    state.step(Configured(config=config(), found=found, commanded=said), Moment(0, 0))
    assert state.servers[before.real(A)].health.state is State.ADOPTED


@pytest.mark.parametrize(
    ("handset", "weight", "expected"), [("respect", 9, 9), ("respect", 0, 0), ("respect", 3, None)], ids=str
)
def test_a_weight_that_is_set_by_hand_is_an_admin_state(handset: str, weight: int, expected: int | None) -> None:
    night = Night(config(handset=handset))
    night.step(Handset(night.real(A), weight))
    admin = night.state.servers[night.real(A)].admin
    assert (admin.weight if admin else None) == expected
    assert night.weights() == {A: weight, B: 2}


def test_of_two_lines_about_one_server_the_last_one_says_how_it_is_reached_while_it_is_drained_and_down() -> None:
    text = TEXT.format(quiescent="no", handset="repair").replace("\tservice", f"\treal={A} masq 8\n\tservice")
    night = Night(parse(text.encode(), "web.cf"))
    night.tell(Drain(target=night.real(A), by="root"))
    for outcome in (up(), down(Reason.REFUSED, "connection refused")):
        night.check(outcome)
        decision = night.state.decide(night.real(A).virtual)
        assert decision is not None
        entry = decision.service.destinations[night.real(A).real]
        assert (entry.forwarding, entry.weight) == (Forwarding.MASQ, 0)


def test_draining_the_last_one_tells_that_nobody_serves() -> None:
    night = Night(config())
    for key in night.state.virtuals:
        night.state.step(Written([key], all=True), Moment(night.now, night.now))
    night.tell(Drain(target=night.real(A).virtual, by="root"))
    events, _ = night.state.step(Written([night.real(A).virtual], all=True), Moment(night.now, night.now))
    assert [event.serving for event in events if isinstance(event, ServingChanged)] == [False]


def test_who_is_enabled_alone_stays_enabled_after_restarts_although_its_host_is_drained() -> None:
    night = Night(config(SECOND))
    night.tell(Drain(target=HOST, by="root"))
    night.tell(Enable(target=night.real(A), by="root"))
    for _ in range(2):
        said = night.state.interventions.administration
        commanded = {
            **said.scopes,
            **{target_name(real): state for real, state in said.states.items()},
            **{target_name(real): None for real in said.excepted},
        }
        night = Night(config(SECOND), commanded)
        assert (night.weights(0), night.weights(1)) == ({A: 3, B: 2}, {A: 0})
    night.tell(Drain(target=HOST, by="root"))
    assert night.state.interventions.administration.excepted == {}


def test_for_a_newcomer_the_later_command_holds_of_those_about_its_host_and_its_virtual() -> None:
    night = Night(config())
    night.tell(Drain(target=HOST, by="root"))
    night.now += 1
    night.tell(SetWeight(target=night.real(B).virtual, weight=5, by="root"))
    text = TEXT.format(quiescent="no", handset="repair").replace(A, "10.0.0.7:80")
    night.step(Configured(config=parse((text + SECOND).encode(), "web.cf")))
    night.step(Configured(config=config()))
    night.check(up())
    assert night.weights() == {A: 5, B: 5}


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(("handset", "configured"), [("repair", 3), ("repair", 9), ("respect", 9)])
def test_a_weight_set_by_hand_ends_where_it_is_respected_no_longer_or_is_configured(
    handset: str, configured: int, *, restarts: bool
) -> None:
    night = Night(config(handset="respect"))
    night.step(Handset(night.real(A), 9))
    said = {target_name(real): state for real, state in night.state.interventions.administration.states.items()}
    text = TEXT.format(quiescent="no", handset=handset).replace("gate 3", f"gate {configured}")
    if restarts:
        night = Night(parse(text.encode(), "web.cf"), said)
    else:
        night.step(Configured(config=parse(text.encode(), "web.cf")))
        assert [event.cause for event in night.events if isinstance(event, AdminChanged)] == [AdminCause.RELOADED]
    assert night.state.servers[night.real(A)].admin is None
    assert not night.state.interventions.administration.states
    assert night.weights() == {A: configured, B: 2}
