"""When checks are due."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import pairwise

import pytest

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_plan import Alternating, Polled, Repeated, Together
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.schedule import TICK, Schedule
from ldirectord_py.workers.workers import Workers
from tests.peers.clock import stopped_clock
from tests.peers.listeners import serving
from tests.peers.patience import PATIENCE


@dataclass(frozen=True, slots=True)
class Hello:
    """Says its name, and wants it back."""

    name: str

    async def probe(self, peer: Peer) -> Outcome:
        await peer.send(self.name.encode() + b"\n")
        return up((await peer.line()).decode())


@dataclass
class Watched:
    """A schedule, what it reported, and who was being served meanwhile."""

    schedule: Schedule | None = None
    reports: list[tuple[Polled, Outcome, float]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    pauses: list[float | None] = field(default_factory=list)
    """In how many seconds each was to come again when it was reported."""
    began: list[tuple[str, float]] = field(default_factory=list)
    busy: Counter[str] = field(default_factory=Counter)
    busiest: Counter[str] = field(default_factory=Counter)
    _awaited: Callable[[], bool] = field(default=lambda: False)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def report(self, plan: Polled, outcome: Outcome, _seconds: float, lateness: float, asked: str) -> None:
        self.asked.append(asked)
        self.pauses.append(self.schedule.due(plan) if self.schedule else None)
        self.reports.append((plan, outcome, lateness))
        if self._awaited():
            self._came.set()

    async def until(self, come_true: Callable[[], bool]) -> None:
        """Wait for what is asked after each report: one turn of the loop may bring several."""
        self._awaited = come_true
        self._came.clear()
        if not come_true():
            async with asyncio.timeout(PATIENCE):
                await self._came.wait()

    async def until_turn(self, come_true: Callable[[], bool]) -> None:
        """As `until`, for what is no report."""
        async with asyncio.timeout(PATIENCE):
            while not come_true():
                await asyncio.sleep(TICK)


@asynccontextmanager
async def watching(
    *, seconds: float = 0.0, limit: int = 100, gate: asyncio.Event | None = None
) -> AsyncIterator[tuple[Watched, Callable[..., Polled]]]:
    """Yield a schedule, and a way to make plans against a server.

    It takes *seconds* for each answer, and waits for the *gate* to be open.
    """
    watched = Watched()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = (await reader.readline()).decode().strip()
        for key in (name, "all"):
            watched.busy[key] += 1
            watched.busiest[key] = max(watched.busiest[key], watched.busy[key])
        watched.began.append((name, asyncio.get_running_loop().time()))
        await asyncio.sleep(seconds)
        if gate is not None:
            await gate.wait()
        for key in (name, "all"):
            watched.busy[key] -= 1
        writer.write(name.encode() + b"\n")

    async with serving(answer) as endpoint, asyncio.TaskGroup() as tasks:
        prober = Prober(tasks, Workers(), crashed=lambda _probe, _error: None)
        schedule = watched.schedule = Schedule(prober, watched.report, limit=limit, drivers=2)

        def plan(name: str, interval: float = 0.1, timeout: float = PATIENCE) -> Polled:
            return Repeated(
                probe=Probe(
                    check=Hello(name), target=CheckTarget(endpoint=endpoint), timeout=timeout, asked=f"hello to {name}"
                ),
                interval=interval,
            )

        yield watched, plan
        schedule.close()
        assert schedule.inflight == 0
        prober.close()


async def test_every_plan_is_carried_out_again_and_again() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        watched.schedule.retarget([plan("a"), plan("b")])
        await watched.until(lambda: sorted(Counter(p for p, *_ in watched.reports).values())[-2:-1] >= [4])

        assert {outcome.detail for _, outcome, _ in watched.reports} == {"a", "b"}


async def test_first_checks_are_spread_and_all_begin_within_the_first_interval() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        begun = asyncio.get_running_loop().time()
        watched.schedule.retarget([plan(str(n), interval=60) for n in range(300)])
        due = sorted(item.due - begun for item in watched.schedule._items.values())
        assert 0 <= due[0] < due[-1] < 60
        assert all(later - earlier > 0.0005 for earlier, later in pairwise(due))
        await watched.until(lambda: len(watched.reports) == 300)

        assert len({name for name, _ in watched.began}) == 300


async def test_later_checks_do_not_come_all_at_once() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        watched.schedule.retarget([plan(str(n), interval=1) for n in range(50)])
        await watched.until(lambda: len(watched.reports) >= 250)

        tenths = {int(item.due * 10) % 10 for item in watched.schedule._items.values()}
        assert len(tenths) >= 5


async def test_a_check_never_overlaps_itself_and_slow_ones_begin_again_at_once() -> None:
    async with watching(seconds=0.1) as (watched, plan):
        assert watched.schedule is not None
        watched.schedule.retarget([plan("slow", interval=0.01)])
        await watched.until(lambda: len(watched.reports) == 5)

        assert watched.busiest["slow"] == 1
        assert watched.pauses == [0.0] * 5


async def test_the_cap_holds_and_waiting_costs_no_check_its_time() -> None:
    async with watching(seconds=0.2, limit=3) as (watched, plan):
        assert watched.schedule is not None
        watched.schedule.retarget([plan(str(n), interval=30, timeout=1.8) for n in range(30)])
        await watched.until(lambda: watched.schedule.queued > 0)
        await watched.until(lambda: len(watched.reports) == 30)

        assert watched.busiest["all"] == 3
        assert {outcome.reason for _, outcome, _ in watched.reports} == {Reason.OK}


async def test_retargeting_stops_what_is_gone_and_leaves_the_rest_alone() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        stays, goes, comes = plan("stays", 0.05), plan("goes", 0.05), plan("comes", 0.05)
        watched.schedule.retarget([stays, goes])
        await watched.until(lambda: len({p for p, *_ in watched.reports}) == 2)
        watched.schedule.retarget([stays, comes])
        watched.reports.clear()
        await watched.until(lambda: {p for p, *_ in watched.reports} >= {stays, comes})

        assert goes not in {p for p, *_ in watched.reports}


async def test_what_is_under_way_is_abandoned_when_it_is_gone() -> None:
    gate = asyncio.Event()
    async with watching(gate=gate) as (watched, plan):
        assert watched.schedule is not None
        goes, stays = plan("goes"), plan("stays")
        watched.schedule.retarget([goes])
        await watched.until_turn(lambda: bool(watched.began))
        assert watched.schedule.inflight == 1
        watched.schedule.retarget([stays])
        assert watched.schedule.inflight == 0
        assert watched.schedule._prober.conversations == 0
        gate.set()
        await watched.until(lambda: bool(watched.reports))

        assert {p for p, *_ in watched.reports} == {stays}


async def test_an_exchange_stops_and_starts_what_it_names_and_leaves_the_rest_alone() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        stays, goes, comes = plan("stays"), plan("goes"), plan("comes")
        watched.schedule.retarget([stays, goes])
        await watched.until(lambda: "hello to goes" in watched.asked)
        watched.schedule.exchange({goes: False, comes: True, stays: True})
        watched.asked.clear()
        await watched.until(lambda: watched.asked.count("hello to comes") == 3)

        assert set(watched.asked) == {"hello to stays", "hello to comes"}
        watched.schedule.exchange({goes: False, comes: False, stays: False})
        assert watched.schedule.inflight == 0


async def test_combined_checks_take_turns() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        combined = Alternating(
            negotiate=plan("negotiate").probe, connect=plan("connect").probe, connects=2, interval=0.02
        )
        watched.schedule.retarget([combined])
        await watched.until(lambda: len(watched.reports) == 6)

        turns = ["negotiate", "connect", "connect"] * 2
        assert [name for name, _ in watched.began[:6]] == turns
        assert watched.asked == [f"hello to {name}" for name in turns]


async def test_probes_that_belong_together_follow_upon_one_another_and_make_one_verdict() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        several = Together(probes=tuple(plan(name).probe for name in "abc"), interval=0.02)
        watched.schedule.retarget([several])
        await watched.until(lambda: len(watched.reports) == 2)

        assert [name for name, _ in watched.began[:6]] == ["a", "b", "c"] * 2
        assert [outcome for _, outcome, _ in watched.reports] == [up("c")] * 2


async def test_the_first_probe_that_fails_ends_the_turn_and_is_named() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        nobody = CheckTarget(endpoint=Endpoint(ip_address("127.0.0.1"), 1))
        closed = Probe(check=Hello("b"), target=nobody, timeout=5, asked="hello to nobody")
        several = Together(probes=(plan("a").probe, closed, plan("c").probe), interval=0.02)
        watched.schedule.retarget([several])
        await watched.until(lambda: len(watched.reports) == 2)

        assert {name for name, _ in watched.began} == {"a"}
        assert watched.reports[1][1] == down(Reason.REFUSED, "check 2 of 3: connection refused")
        assert watched.asked == ["hello to nobody"] * 2


async def test_the_next_of_several_probes_waits_for_a_place_in_its_own_lane() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        hanging = [Repeated(probe=Probe(check=Hanging(str(n)), timeout=600), interval=0.1) for n in range(2)]
        mixed = Together(probes=(plan("a").probe, Probe(check=Hanging("mixed"), timeout=600)), interval=0.1)
        watched.schedule.retarget([*hanging, mixed])
        await watched.until_turn(lambda: watched.schedule.queued == 1)

        assert [name for name, _ in watched.began] == ["a"]
        watched.schedule.retarget([mixed])
        await watched.until_turn(lambda: watched.schedule.inflight == 1)
        assert watched.schedule.queued == 0
        assert watched.reports == []


@dataclass(frozen=True, slots=True)
class Hanging:
    """A driver check that never ends by itself."""

    name: str

    async def run(self, _services: object) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError


async def test_programs_that_hang_hold_no_conversation_back() -> None:
    async with watching(limit=2) as (watched, plan):
        assert watched.schedule is not None
        hanging = [Repeated(probe=Probe(check=Hanging(str(n)), timeout=600), interval=0.1) for n in range(10)]
        watched.schedule.retarget([*hanging, plan("good", 0.05)])
        await watched.until(lambda: len(watched.reports) >= 5)

        assert {outcome.detail for _, outcome, _ in watched.reports} == {"good"}
        assert watched.schedule.inflight >= 2
        assert watched.schedule.queued == 8


async def test_waiting_for_a_place_is_told_as_lateness() -> None:
    async with watching(seconds=0.2, limit=1) as (watched, plan):
        assert watched.schedule is not None
        watched.schedule.retarget([plan(str(n), interval=30) for n in range(4)])
        await watched.until(lambda: len(watched.reports) == 4)

        assert max(lateness for *_, lateness in watched.reports) > 0.5


async def test_after_a_pause_of_our_own_each_check_begins_once_and_keeps_its_place() -> None:
    async with watching() as (watched, plan):
        schedule = watched.schedule
        assert schedule is not None
        with stopped_clock() as clock:
            plans = [plan(str(n), interval=5) for n in range(10)]
            schedule.retarget(plans)
            await clock.go_on(30)
            places = [clock.now + (schedule.due(each) or 0.0) for each in plans]
            watched.asked.clear()
            clock.now += 12
            await clock.rest()
            again = [clock.now + (schedule.due(each) or 0.0) for each in plans]

            assert Counter(watched.asked) == {f"hello to {n}": 1 for n in range(10)}
            assert all((after - before) % 5 == pytest.approx(0) for before, after in zip(places, again, strict=True))
            assert all(5 / 2 <= moment - clock.now <= 5 * 3 / 2 for moment in again)
            assert len({round(moment, 1) for moment in again}) == 10


async def test_a_plan_that_is_wanted_now_does_not_wait_for_its_interval() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        wanted, other = plan("wanted", interval=3600), plan("other", interval=3600)
        watched.schedule.retarget([wanted, other])
        await watched.until(lambda: len(watched.reports) == 2)
        assert watched.schedule.now(wanted)
        assert watched.schedule.now(wanted)
        await watched.until(lambda: len(watched.reports) == 3)

        assert Counter(watched.asked) == {"hello to wanted": 2, "hello to other": 1}
        assert sum(not item.gone for *_, item in watched.schedule._heap) == 2
        assert not watched.schedule.now(plan("nobody's"))


async def test_a_check_that_came_now_goes_back_to_its_place() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        wanted = plan("wanted", interval=0.5)
        watched.schedule.retarget([wanted])
        for wanted_after in (0, 1, 2, 3, 5, 9):
            watched.reports.clear()
            await watched.until(lambda after=wanted_after: len(watched.reports) >= after)
            item = watched.schedule._items[wanted]
            place = item.due + sum(item.pauses)
            watched.schedule.now(wanted)
            item = watched.schedule._items[wanted]

            away = (item.due + sum(item.pauses) - place) % 0.5
            assert min(away, 0.5 - away) < 1e-6
            assert all(0.25 <= pause <= 0.5 for pause in item.pauses[:2])


async def test_a_check_that_is_wanted_now_and_under_way_comes_again_after_its_end() -> None:
    async with watching(seconds=0.2) as (watched, plan):
        assert watched.schedule is not None
        wanted = plan("wanted", interval=3600)
        watched.schedule.retarget([wanted])
        await watched.until_turn(lambda: bool(watched.began))
        watched.schedule.now(wanted)
        await watched.until(lambda: len(watched.reports) == 2)

        assert watched.busiest["wanted"] == 1


async def test_checks_that_are_wanted_now_wait_for_a_place_as_others_do() -> None:
    async with watching(seconds=0.05, limit=2) as (watched, plan):
        assert watched.schedule is not None
        plans = [plan(str(n), interval=3600) for n in range(8)]
        watched.schedule.retarget(plans)
        await watched.until(lambda: len(watched.reports) == 8)
        for wanted in plans:
            watched.schedule.now(wanted)
        await watched.until(lambda: watched.schedule.queued > 0)
        await watched.until(lambda: len(watched.reports) == 16)

        assert watched.busiest["all"] == 2


async def test_what_is_wanted_now_begins_with_its_first_step() -> None:
    async with watching() as (watched, plan):
        assert watched.schedule is not None
        combined = Alternating(
            negotiate=plan("negotiate").probe, connect=plan("connect").probe, connects=2, interval=3600
        )
        watched.schedule.retarget([combined])
        await watched.until(lambda: len(watched.reports) == 1)
        watched.schedule.now(combined)
        await watched.until(lambda: len(watched.reports) == 2)

        assert watched.asked == ["hello to negotiate"] * 2


@pytest.mark.parametrize(("interval", "timeout"), [(2, 8), (8, 2)], ids=["slow to give up", "seldom asked"])
async def test_a_server_that_hangs_is_out_within_the_time_that_is_told(interval: float, timeout: float) -> None:
    watched, died = Watched(), 0.0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = await reader.readline()
        if died:
            await reader.read()  # says nothing until the check gives up
        writer.write(name)

    async with serving(answer) as endpoint, asyncio.TaskGroup() as tasks:
        prober = Prober(tasks, Workers(), crashed=lambda _probe, _error: None)
        schedule = Schedule(prober, watched.report, limit=9, drivers=2)
        probe = Probe(check=Hello("a"), target=CheckTarget(endpoint=endpoint), timeout=timeout)
        plan = Repeated(probe=probe, interval=interval)
        with stopped_clock() as clock:
            schedule.retarget([plan])
            while len(watched.reports) < 3:  # the first pauses are shorter
                await clock.go_on(0.1)
            died = clock.now
            while sum(outcome.verdict is Verdict.DOWN for _, outcome, _ in watched.reports) < 2:
                await clock.go_on(0.1)
            took = clock.now - died
        schedule.close()
        prober.close()
    longest = plan.longest_notice(2)
    assert longest / 2 < took < longest + 1


async def test_checks_that_are_to_end_more_often_from_now_on_are_not_late_already(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    clock, passed = loop.time, 0.0
    monkeypatch.setattr(loop, "time", lambda: clock() + passed)
    async with watching() as (watched, plan):
        schedule = watched.schedule
        assert schedule is not None
        schedule.slow_down(600)
        slow, quick = plan("slow", 300, 5), plan("quick", 0.1, 5)
        schedule.retarget([slow])
        await watched.until(lambda: len(watched.reports) == 1)
        passed += 50
        schedule.slow_down(0)  # as a standby that becomes active
        assert schedule.progressing
        passed += 50
        schedule.retarget([quick])  # as a reload with another checkinterval does
        assert schedule.progressing
        schedule.retarget([])
        passed += 50
        schedule.exchange({quick: True})  # as the end of a maintenance of all
        assert schedule.progressing
        passed += 50
        assert not schedule.progressing


async def test_a_standby_checks_less_often_and_all_soon_when_it_is_active_again() -> None:
    async with watching() as (watched, plan):
        schedule = watched.schedule
        assert schedule is not None
        schedule.slow_down(60)
        plans = [plan(str(number), 0.1) for number in range(5)]
        schedule.retarget(plans)
        await watched.until(lambda: len(watched.reports) == 5)  # the first ones come as always
        assert all(schedule.due(each) > 10 for each in plans)
        schedule.slow_down(0)
        assert all(schedule.due(each) < 1 for each in plans)
        await watched.until(lambda: len(watched.reports) == 25)
        assert schedule.progressing
