"""From outcomes to the table, without sockets or kernel."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

import pytest

from ldirectord_py.checks.connect import Connect
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_plan import Always, CheckPlan, Never, Polled, Repeated
from ldirectord_py.model.checks.outcome import Reason, Verdict, down, fault, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe
from ldirectord_py.model.config import Config, Fallback, Real, Virtual
from ldirectord_py.model.errors import TableUnavailable
from ldirectord_py.model.events import (
    ChangeRefused,
    CheckDone,
    DriftFound,
    DriftKind,
    Event,
    FallbackChanged,
    FaultLasts,
    FirstPassComplete,
    HealthChanged,
    InitialChecksDone,
    Reconciled,
    SoftFailure,
    TableBack,
    TableChanged,
    TableLost,
    Trigger,
)
from ldirectord_py.model.health import FaultRules, State
from ldirectord_py.model.service import AddressKey, Forwarding, Protocol, RealKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Destination,
    Refusal,
    RemoveDestination,
    Service,
    SetDestination,
    SetService,
    Settings,
    TableState,
)
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.snapshots import snapshot
from tests.peers.patience import PATIENCE

WEB = AddressKey(Protocol.TCP, Endpoint(IPv4Address("10.9.9.1"), 80))
MAIL = AddressKey(Protocol.TCP, Endpoint(IPv4Address("10.9.9.1"), 25))
SETTINGS = Settings(scheduler="wlc", netmask=IPv4Address("255.255.255.255"))
REFUSED = down(Reason.REFUSED, "connection refused")
FALLBACK = Endpoint(IPv4Address("127.0.0.1"), 80)


def server(number: int) -> Endpoint:
    return Endpoint(IPv4Address(f"10.9.0.{number}"), 80)


def polled(number: int) -> Repeated:
    return Repeated(probe=Probe(check=Connect(), target=CheckTarget(endpoint=server(number)), timeout=5), interval=10)


def entry(weight: int) -> Destination:
    return Destination(forwarding=Forwarding.GATE, weight=weight)


def virtual(*weights: int, plan: CheckPlan | None = None, **more: object) -> Virtual:
    return replace(
        Virtual(
            key=WEB,
            settings=SETTINGS,
            reals=tuple(
                Real(endpoint=server(number), destination=entry(weight), plan=plan or polled(number))
                for number, weight in enumerate(weights, start=1)
            ),
            fallback=Fallback(endpoint=FALLBACK, destination=entry(1)),
        ),
        **more,
    )


def config(*virtuals: Virtual, **more: object) -> Config:
    return Config(path="test.cf", virtuals=virtuals, **more)


@dataclass
class Stage:
    """A director on a table in memory, and everything it has told."""

    director: Director
    table: MemoryTable
    events: list[Event] = field(default_factory=list)

    def told(self, kind: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def weights(self, key: AddressKey = WEB) -> dict[str, int]:
        return {str(real): entry.weight for real, entry in self.table.state[key].destinations.items()}

    async def report(self, number: int, outcome: object, times: int = 1) -> None:
        plan: Polled = polled(number)
        for _ in range(times):
            self.director.report(plan, outcome, 0.001, 0.0)
        await self.known()

    async def known(self) -> None:
        """Let the director write what it has to: a memory table needs but a few turns of the loop."""
        for _ in range(10):
            await asyncio.sleep(0)


Stages = Callable[..., object]


@asynccontextmanager
async def directing(
    config: Config,
    found: TableState | None = None,
    table: MemoryTable | None = None,
    files: Mapping[RealKey, str] | None = None,
) -> AsyncIterator[Stage]:
    table = table or MemoryTable(found)
    events: list[Event] = []
    stage = Stage(Director(config, table, events.append), table, events)
    async with asyncio.TaskGroup() as tasks:
        await stage.director.start(files or {})
        follower = tasks.create_task(stage.director.table.follow())
        yield stage
        follower.cancel()


A, B, F = "10.9.0.1:80", "10.9.0.2:80", "127.0.0.1:80"


async def test_servers_come_in_with_their_first_success_and_the_fallback_goes() -> None:
    async with directing(config(virtual(3, 2))) as stage:
        assert stage.weights() == {F: 1}
        await stage.report(1, up())
        assert stage.weights() == {A: 3}
        await stage.report(2, REFUSED)
        assert stage.weights() == {A: 3}
        await stage.report(1, REFUSED)
        assert stage.weights() == {F: 1}

    assert [event.active for event in stage.told(FallbackChanged)] == [True, False, True]
    assert [event.fallback for event in stage.told(TableChanged)] == [False, True, False, True, True, False]
    assert len(stage.told(FirstPassComplete)) == 1


async def test_the_fallback_comes_before_the_last_server_goes() -> None:
    async with directing(config(virtual(3))) as stage:
        await stage.report(1, up())
        stage.events.clear()
        await stage.report(1, REFUSED)

    assert [type(event.change) for event in stage.told(TableChanged)] == [AddDestination, RemoveDestination]


async def test_a_quiescent_server_keeps_its_place_at_weight_0() -> None:
    async with directing(config(virtual(3, 2, quiescent=True))) as stage:
        assert stage.weights() == {A: 0, B: 0, F: 1}
        await stage.report(1, up())
        await stage.report(2, up())
        await stage.report(1, REFUSED)
        assert stage.weights() == {A: 0, B: 2}
        await stage.report(1, up())

    changes = [event.change for event in stage.told(TableChanged)][-2:]
    assert changes == [SetDestination(WEB, server(1), entry(0)), SetDestination(WEB, server(1), entry(3))]


async def test_a_restart_adopts_the_table_and_touches_nobody() -> None:
    found = {WEB: Service(SETTINGS, {server(1): entry(3), server(2): entry(0)})}
    async with directing(config(virtual(3, 2, quiescent=True)), found) as stage:
        assert stage.told(TableChanged) == []
        await stage.report(1, up())
        await stage.report(2, REFUSED)
        assert stage.told(TableChanged) == []
        await stage.report(2, up())
        assert stage.weights() == {A: 3, B: 2}


async def test_an_adopted_server_goes_out_only_after_failurecount() -> None:
    found = {WEB: Service(SETTINGS, {server(1): entry(3)})}
    async with directing(config(virtual(3, failurecount=3)), found) as stage:
        await stage.report(1, REFUSED, times=2)
        assert stage.weights() == {A: 3}
        await stage.report(1, REFUSED)
        assert stage.weights() == {F: 1}


async def test_a_failure_is_told_with_its_count_and_what_was_asked() -> None:
    async with directing(config(virtual(3, failurecount=2))) as stage:
        stage.director.report(polled(1), up(), 0.001, 0.0, "GET http://10.9.0.1:80/")
        stage.director.report(polled(1), REFUSED, 0.001, 0.0, "connect to 10.9.0.1:80")
        (soft,) = stage.told(SoftFailure)
        assert (soft.health.failures, soft.failurecount, soft.asked) == (1, 2, "connect to 10.9.0.1:80")
        stage.director.report(polled(1), REFUSED, 0.001, 0.0, "GET http://10.9.0.1:80/")
        out = stage.told(HealthChanged)[-1]
        assert (out.after.failures, out.failurecount, out.asked) == (2, 2, "GET http://10.9.0.1:80/")
        asked = [done.asked for done in stage.told(CheckDone)]
        assert asked == ["GET http://10.9.0.1:80/", "connect to 10.9.0.1:80", "GET http://10.9.0.1:80/"]


async def test_start_sets_what_differs_and_removes_what_is_foreign_to_our_services_only() -> None:
    other = {MAIL: Service(SETTINGS, {server(7): entry(9)})}
    found = {WEB: Service(replace(SETTINGS, scheduler="rr"), {server(1): entry(9), server(8): entry(1)}), **other}
    async with directing(config(virtual(3)), found) as stage:
        assert stage.table.state == {WEB: Service(SETTINGS, {server(1): entry(3)}), **other}

    assert {event.cause for event in stage.told(TableChanged)} == {Trigger.START}


async def test_our_own_fault_changes_nothing() -> None:
    async with directing(config(virtual(3))) as stage:
        await stage.report(1, up())
        stage.events.clear()
        await stage.report(1, fault("too many open files"))

        assert [type(event) for event in stage.events] == [CheckDone]


async def test_a_fault_that_lasts_longer_than_it_may_takes_the_server_out() -> None:
    shaky = replace(config(virtual(3)), faults=FaultRules(limit=1e-9, down=True))
    async with directing(shaky) as stage:
        await stage.report(1, up())
        assert stage.weights() == {A: 3}
        await stage.report(1, fault("too many open files"))
        await stage.report(1, fault("too many open files"))
        assert stage.weights() == {F: 1}
        assert stage.told(FaultLasts)[0].down
        assert {each.outcome.verdict for each in stage.told(CheckDone)} == {Verdict.UP, Verdict.FAULT}

        await stage.report(1, up())
        assert stage.weights() == {A: 3}


@pytest.mark.parametrize(("plan", "weights"), [(Always(), {A: 3}), (Never(), {F: 1})], ids=["on", "off"])
async def test_servers_that_are_not_checked(plan: CheckPlan, weights: dict[str, int]) -> None:
    async with directing(config(virtual(3, plan=plan))) as stage:
        assert stage.weights() == weights


async def test_an_unchecked_server_keeps_its_place() -> None:
    async with directing(config(virtual(3, plan=Never())), {WEB: Service(SETTINGS, {server(1): entry(7)})}) as stage:
        assert stage.weights() == {A: 3}


async def test_one_check_serves_all_virtuals_that_share_it() -> None:
    both = config(virtual(3), replace(virtual(5), key=MAIL, reals=virtual(5).reals))
    async with directing(both) as stage:
        await stage.report(1, up())
        assert len(stage.director.plans) == 1
        assert [str(real) for real in stage.told(CheckDone)[0].reals] == [
            "10.9.0.1:80 (tcp:10.9.9.1:80)",
            "10.9.0.1:25 (tcp:10.9.9.1:25)",
        ]
        assert stage.weights(MAIL) == {"10.9.0.1:25": 5}


@pytest.mark.parametrize(
    ("meddle", "kinds"),
    [
        (lambda state: {}, [DriftKind.MISSING_SERVICE, DriftKind.MISSING_DESTINATION]),
        (lambda state: {WEB: Service(SETTINGS, {})}, [DriftKind.MISSING_DESTINATION]),
        (lambda state: {WEB: Service(SETTINGS, {server(1): entry(9)})}, [DriftKind.WEIGHT]),
        (
            lambda state: {WEB: Service(SETTINGS, {server(1): Destination(forwarding=Forwarding.MASQ, weight=3)})},
            [DriftKind.DESTINATION],
        ),
        (
            lambda state: {WEB: Service(SETTINGS, {server(1): entry(3), server(6): entry(1)})},
            [DriftKind.FOREIGN_DESTINATION],
        ),
        (
            lambda state: {WEB: Service(replace(SETTINGS, scheduler="rr"), {server(1): entry(3)})},
            [DriftKind.SETTINGS],
        ),
    ],
    ids=["all cleared", "a server deleted", "a weight changed", "a method changed", "a stranger", "a scheduler"],
)
async def test_drift_is_told_and_mended(meddle: Callable[[TableState], TableState], kinds: list[DriftKind]) -> None:
    async with directing(config(virtual(3))) as stage:
        await stage.report(1, up())
        good = stage.table.state
        stage.table.state = meddle(good)
        await stage.director.reconciler.reconcile()

        assert stage.table.state == good
        assert [event.kind for event in stage.told(DriftFound)] == kinds
        stage.events.clear()
        await stage.director.reconciler.reconcile()
        assert [type(event) for event in stage.events] == [Reconciled]


async def test_other_peoples_services_are_left_alone() -> None:
    async with directing(config(virtual(3))) as stage:
        stage.table.state = {**stage.table.state, MAIL: Service(SETTINGS, {server(7): entry(1)})}
        await stage.director.reconciler.reconcile()

        assert MAIL in stage.table.state
        assert stage.told(DriftFound) == []


@pytest.mark.parametrize("readd", [False, True])
async def test_a_quiesced_server_taken_out_by_hand_stays_out_unless_readdquiescent(readd: bool) -> None:
    async with directing(config(virtual(3, 2, quiescent=True), readdquiescent=readd)) as stage:
        await stage.report(1, up())
        stage.table.state = {WEB: Service(SETTINGS, {server(1): entry(3)})}
        await stage.director.reconciler.reconcile()
        assert stage.weights() == ({A: 3, B: 0} if readd else {A: 3})
        await stage.report(2, up())
        assert stage.weights() == {A: 3, B: 2}


class Moody(MemoryTable):
    """A table that cannot be reached for a while, or does not take an entry."""

    def __init__(self) -> None:
        super().__init__()
        self.reachable = True
        self.refused: set[Endpoint] = set()
        self.services_refused = False
        self.writes = 0
        self.lost_after = -1

    async def read(self, virtuals: object = None) -> TableState:
        if not self.reachable:
            raise TableUnavailable("the kernel has no IPVS any more")
        return await super().read(virtuals)

    async def apply(self, changes: object) -> list[Refusal]:
        if not self.reachable:
            raise TableUnavailable("the kernel has no IPVS any more")
        todo: list[Change] = list(changes)
        bad = [change for change in todo if getattr(change, "real", None) in self.refused]
        bad += [change for change in todo if isinstance(change, AddService | SetService) and self.services_refused]
        self.writes += 1
        if self.writes == self.lost_after:
            self.reachable = False
        refusals = await super().apply([change for change in todo if change not in bad])
        return [*refusals, *(Refusal(change, 22, "refused") for change in bad)]


async def test_a_lost_table_is_told_once_and_made_good_when_it_is_back() -> None:
    table = Moody()
    async with directing(config(virtual(3)), table=table) as stage:
        table.reachable = False
        await stage.report(1, up())
        await stage.director.reconciler.reconcile()
        table.reachable = True
        await stage.director.reconciler.reconcile()

        assert stage.weights() == {A: 3}
    assert [type(event) for event in stage.events if isinstance(event, TableLost | TableBack)] == [TableLost, TableBack]


async def test_a_refused_change_is_told_once_and_tried_again() -> None:
    table = Moody()
    table.refused = {server(1)}
    async with directing(config(virtual(3)), table=table) as stage:
        await stage.report(1, up())
        await stage.director.reconciler.reconcile()
        assert len(stage.told(ChangeRefused)) == 1
        table.refused = set()
        await stage.director.reconciler.reconcile()

        assert stage.weights() == {A: 3}


async def test_a_reload_leaves_what_did_not_change_and_removes_what_is_gone() -> None:
    old = config(virtual(3, 2), replace(virtual(5), key=MAIL))
    async with directing(old) as stage:
        await stage.report(1, up())
        await stage.report(2, up())
        before = stage.director.health(RealKey(WEB, server(1)))
        stage.events.clear()
        await stage.director.reload(config(virtual(3, 7, 1)))

        assert stage.weights() == {A: 3, B: 7}
        assert MAIL not in stage.table.state
        assert stage.director.health(RealKey(WEB, server(1))) is before
        assert SetDestination(WEB, server(2), entry(7)) in [event.change for event in stage.told(TableChanged)]
        await stage.report(3, up())
        assert stage.weights() == {A: 3, B: 7, "10.9.0.3:80": 1}


async def test_a_reload_of_the_same_configuration_does_nothing() -> None:
    async with directing(config(virtual(3, 2))) as stage:
        await stage.report(1, up())
        stage.events.clear()
        await stage.director.reload(config(virtual(3, 2)))

        assert stage.events == []


async def test_a_fallback_that_a_reload_takes_away_is_told_as_that() -> None:
    async with directing(config(virtual(3))) as stage:
        await stage.report(1, REFUSED)
        assert stage.told(FallbackChanged)[-1] == FallbackChanged(WEB, active=True, fallback=FALLBACK)
        await stage.director.reload(config(virtual(3, fallback=None)))
        assert stage.told(FallbackChanged)[-1] == FallbackChanged(WEB, active=False, fallback=None)


async def test_a_fallback_is_told_as_the_table_has_it() -> None:
    elsewhere = Fallback(endpoint=FALLBACK.at_port(9), destination=entry(1))  # gate: it cannot be at another port
    async with directing(config(virtual(3, fallback=elsewhere))) as stage:
        await stage.report(1, REFUSED)
        assert stage.told(FallbackChanged)[-1] == FallbackChanged(WEB, active=True, fallback=FALLBACK)
        assert FALLBACK in stage.table.state[WEB].destinations


async def test_a_changed_forwarding_method_is_told_with_what_was_there() -> None:
    async with directing(config(virtual(3))) as stage:
        await stage.report(1, up())
        masq = Destination(forwarding=Forwarding.MASQ, weight=3)
        real = Real(endpoint=server(1), destination=masq, plan=polled(1))
        await stage.director.reload(config(virtual(3, reals=(real,))))
        changed = stage.told(TableChanged)[-1]
        assert changed.change == SetDestination(WEB, server(1), masq)
        assert changed.before == entry(3)


async def test_a_fallback_that_becomes_a_server_is_not_let_in_unasked() -> None:
    async with directing(config(virtual(3))) as stage:
        assert stage.weights() == {F: 1}
        promoted = Real(endpoint=FALLBACK, destination=entry(4), plan=polled(4))
        await stage.director.reload(config(virtual(3, fallback=None, reals=(*virtual(3).reals, promoted))))

        assert stage.weights() == {}


@pytest.mark.parametrize("cleanstop", [True, False])
async def test_the_end_cleans_up_where_cleanstop_says_so(cleanstop: bool) -> None:
    async with directing(config(virtual(3, cleanstop=cleanstop))) as stage:
        await stage.report(1, up())
        await stage.director.table.leave()

        assert (WEB in stage.table.state) is not cleanstop


async def test_the_snapshot_tells_weights_wanted_and_found() -> None:
    async with directing(config(virtual(3, 2, quiescent=True))) as stage:
        await stage.report(1, up())
        await stage.report(2, REFUSED)
        shown = snapshot(stage.director, inflight=1, queued=2, log_lines_lost=0)

    (service,) = shown.virtuals
    assert [(real.weight, real.wanted, real.actual, real.health.state) for real in service.reals] == [
        (3, 3, 3, State.UP),
        (2, 0, 0, State.DOWN),
    ]
    assert (service.fallback_active, shown.inflight, shown.queued, shown.first_pass) == (False, 1, 2, True)


async def test_a_refused_service_that_somebody_enters_by_hand_is_served_in_the_end() -> None:
    table = Moody()
    table.services_refused = True
    async with directing(config(virtual(3)), table=table) as stage:
        assert [type(event.refusal.change) for event in stage.told(ChangeRefused)] == [AddService]
        by_hand = Service(replace(SETTINGS, scheduler="rr"), {})
        table.state = {WEB: by_hand}
        await stage.report(1, up())
        await stage.director.reconciler.reconcile()
        assert stage.weights() == {A: 3}
        table.services_refused = False
        await stage.director.reconciler.reconcile()

        assert table.state[WEB].settings == SETTINGS


async def test_a_write_that_gets_lost_between_a_refusal_and_the_next_look_is_made_good() -> None:
    table = Moody()
    async with directing(config(virtual(3, quiescent=True)), table=table) as stage:
        await stage.report(1, up())
        table.refused = {server(1)}
        table.lost_after = table.writes + 1
        await stage.report(1, REFUSED)
        table.refused = set()
        table.reachable = True
        await stage.director.reconciler.reconcile()

        assert stage.weights() == {A: 0, F: 1}


async def test_without_comparisons_what_could_not_be_written_is_tried_again() -> None:
    table = Moody()
    async with directing(config(virtual(3), reconcileinterval=0, checkinterval=0.01), table=table) as stage:
        table.reachable = False
        await stage.report(1, up())
        table.reachable = True
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(stage.director.table.watch())
            while stage.weights() != {A: 3}:
                await asyncio.sleep(0)
            watch.cancel()

    assert [type(event) for event in stage.events if isinstance(event, TableLost | TableBack)] == [TableLost, TableBack]


async def test_a_reload_looks_at_the_table_afresh() -> None:
    settings = config(virtual(3), reconcileinterval=0)
    async with directing(settings) as stage:
        await stage.report(1, up())
        stage.table.state = {}
        await stage.director.reload(settings)

        assert stage.weights() == {A: 3}


async def test_a_drained_server_of_the_table_stays_in_at_a_restart() -> None:
    found = {WEB: Service(SETTINGS, {server(1): entry(0), server(2): entry(2)})}
    async with directing(config(virtual(0, 2)), found) as stage:
        assert stage.told(TableChanged) == []


@pytest.mark.parametrize("plan", [Always(), Never()], ids=["on", "off"])
async def test_the_first_pass_is_complete_where_nothing_is_asked(plan: CheckPlan) -> None:
    async with directing(config(virtual(3, plan=plan))) as stage:
        assert stage.director.state.first_pass


async def test_the_first_pass_is_complete_when_a_reload_takes_the_last_unasked_server() -> None:
    async with directing(config(virtual(3, 2))) as stage:
        await stage.report(1, up())
        assert not stage.director.state.first_pass
        await stage.director.reload(config(virtual(3)))

        assert stage.director.state.first_pass


async def test_a_start_and_each_reload_are_settled_once_the_table_has_followed_what_they_brought() -> None:
    async with directing(config(virtual(3, 2))) as stage:
        await stage.report(1, up())
        assert stage.told(InitialChecksDone) == []
        await stage.report(2, up())
        assert [type(event) for event in stage.events[-3:]] == [FirstPassComplete, TableChanged, InitialChecksDone]
        await stage.report(2, REFUSED, 2)
        assert len(stage.told(InitialChecksDone)) == 1
        await stage.director.reload(config(virtual(3, 2)))
        await stage.known()
        assert len(stage.told(InitialChecksDone)) == 2
        await stage.director.reload(config(virtual(3, 2, 1)))
        await stage.known()
        assert len(stage.told(InitialChecksDone)) == 2
        await stage.report(3, REFUSED)
        assert len(stage.told(InitialChecksDone)) == 3


async def test_of_two_lines_for_one_server_the_last_counts() -> None:
    first, second = virtual(3).reals[0], replace(virtual(5).reals[0], plan=polled(7))
    async with directing(config(virtual(reals=(first, second)))) as stage:
        assert list(stage.director.plans) == [polled(7)]
        await stage.report(7, up())

        assert stage.weights() == {A: 5}


async def test_the_end_cleans_up_even_what_a_reload_that_was_cut_short_has_written() -> None:
    async with directing(config(virtual(3))) as stage:
        del stage.director.reconciler.known[WEB]
        await stage.director.table.leave()

        assert stage.table.state == {}


async def test_drift_is_told_even_where_a_change_of_health_comes_upon_it_first() -> None:
    async with directing(config(virtual(3, 2, quiescent=True))) as stage:
        await stage.report(1, up())
        await stage.report(2, up())
        stage.table.state = {}
        await stage.report(1, REFUSED)

        assert stage.weights() == {A: 0, B: 2}
        assert [event.kind for event in stage.told(DriftFound)] == [
            DriftKind.MISSING_SERVICE,
            DriftKind.MISSING_DESTINATION,
            DriftKind.MISSING_DESTINATION,
        ]


class Watching(MemoryTable):
    """Notes how many changes are written at a time, and has a server report while it is being written."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def apply(self, changes: object) -> list[Refusal]:
        todo: list[Change] = list(changes)
        self.batches.append(len(todo))
        self.meanwhile()
        return await super().apply(todo)


def many(weight: int, count: int = 100) -> Config:
    """Return *count* virtuals of ten servers each, which are not checked, and one more, which is."""
    unchecked = [
        replace(virtual(*[weight] * 10, plan=Always()), key=replace(WEB, endpoint=WEB.endpoint.at_port(1000 + number)))
        for number in range(count)
    ]
    return config(*unchecked, virtual(3))


async def test_thousands_of_changes_are_written_a_few_at_a_time_and_health_comes_in_between() -> None:
    table = Watching()
    async with directing(many(1), table=table) as stage:
        await stage.report(1, up())
        table.batches.clear()
        told: list[int] = []

        def die() -> None:
            if len(table.batches) == 2:
                stage.director.report(polled(1), REFUSED, 0.001, 0.0)
            if not stage.weights().get(A) and not told:
                told.append(len(table.batches))

        table.meanwhile = die
        await stage.director.reload(many(2))
        assert sum(table.batches) == 1002  # 1000 weights; the server that died goes, and its fallback comes
        assert max(table.batches) <= 32
        assert told
        assert told[0] < len(table.batches) / 2
