"""What a director is told is recorded, and whatever a disk does, what is recorded can be replayed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ldirectord_py.engine.inputs import Configured
from ldirectord_py.engine.recording.decoding import decoded
from ldirectord_py.engine.recording.items import RecordingHeader, Why
from ldirectord_py.engine.recording.replay import ToldEvent, replay
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.checks.outcome import up
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import (
    CheckDone,
    Event,
    FallbackChanged,
    FirstPassComplete,
    HealthChanged,
    InitialChecksDone,
    MaintenanceChanged,
    ServingChanged,
    SideJobFailed,
    SoftFailure,
)
from ldirectord_py.model.service import RealKey
from ldirectord_py.runtime.director import Director, moment
from ldirectord_py.runtime.recording import recorder as recording
from ldirectord_py.runtime.recording.recorder import RECORDING, Recorder
from ldirectord_py.system import supervision
from ldirectord_py.system.supervision import Supervisor
from tests.unit.runtime.test_director import REFUSED, WEB, Stage, config, server, virtual

ONE = RealKey(WEB, server(1))
ENGINE = (
    FallbackChanged,
    FirstPassComplete,
    HealthChanged,
    InitialChecksDone,
    MaintenanceChanged,
    ServingChanged,
    SoftFailure,
)
"""What the engine tells, but for checks: of successes that repeat nothing is recorded."""


class Recorded(Stage):
    """A director whose recorder can be watched."""

    recorder: Recorder

    @property
    def engine(self) -> list[Event]:
        return [event for event in self.events if isinstance(event, ENGINE)]

    async def write(self) -> None:
        """Have what waits written."""
        await self.recorder._write()


@asynccontextmanager
async def recorded(given: Config, path: Path | None, *, limit: int = 2**20) -> AsyncIterator[Recorded]:
    table, events = MemoryTable(), list[Event]()
    stage = Recorded(Director(given, table, events.append), table, events)
    stage.recorder = stage.director.recorder = Recorder(lambda: stage.director.state, "test", limit=limit, pause=0)
    stage.recorder.follow(path and str(path), Why.START)
    async with asyncio.TaskGroup() as tasks:
        await stage.director.start({})
        follower = tasks.create_task(stage.director.table.follow())
        yield stage
        follower.cancel()


def replayed(*paths: Path) -> list[Event]:
    return [each.event for each in _replayed(*paths) if isinstance(each, ToldEvent) and isinstance(each.event, ENGINE)]


def headers(*paths: Path) -> list[RecordingHeader]:
    return [each for each in _replayed(*paths) if isinstance(each, RecordingHeader)]


def _replayed(*paths: Path) -> Sequence[RecordingHeader | ToldEvent]:
    return list(replay(decoded(line for path in paths for line in path.read_text().splitlines())))


async def story(stage: Recorded) -> None:
    """Have servers die and return, with maintenance and a reload in between."""
    await stage.report(1, up())
    await stage.report(2, REFUSED)
    await stage.report(1, REFUSED, times=3)
    stage.director.maintain({ONE: "one"})
    await stage.known()
    await stage.director.reload(config(virtual(3, 2, 1, failurecount=2)), {ONE: "one"})
    for number in (2, 3):
        await stage.report(number, up(), times=2)
    await stage.report(2, REFUSED)
    stage.director.maintain({ONE: None})
    await stage.report(1, up())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "web.jsonl"


async def test_what_was_recorded_tells_the_same_again(path: Path) -> None:
    async with recorded(config(virtual(3, 2)), path) as stage:
        await story(stage)
        await stage.recorder.finish()
    assert len(stage.engine) > 10
    assert replayed(path) == stage.engine
    (header,) = headers(path)
    assert (header.why, header.lost, header.program, header.config) == (Why.START, 0, "test", "test.cf")


async def test_a_success_that_repeats_costs_no_line(path: Path) -> None:
    async with recorded(config(virtual(3, 2)), path) as stage:
        await stage.report(1, up())
        await stage.write()
        before = path.read_bytes()
        await stage.report(1, up(), times=100)
        await stage.write()
        assert path.read_bytes() == before


async def test_recording_may_begin_in_the_middle_and_end(path: Path) -> None:
    async with recorded(config(virtual(3, 2)), None) as stage:
        await story(stage)
        before = len(stage.engine)
        stage.recorder.follow(str(path), Why.ON)
        await story(stage)
        after = len(stage.engine)
        stage.recorder.follow(None, Why.ON)
        await story(stage)
        await stage.write()
    assert replayed(path) == stage.engine[before:after]
    assert [header.why for header in headers(path)] == [Why.ON]


async def test_each_file_can_be_replayed_alone(path: Path) -> None:
    async with recorded(config(virtual(3, 2)), path, limit=9000) as stage:
        for _ in range(5):
            await story(stage)
            await stage.write()
        await stage.report(3, REFUSED, times=2)
        await stage.write()
    in_thread = path.with_name("web.jsonl.1")
    both = replayed(in_thread, path)
    assert len(both) > 20
    assert stage.engine[-len(both) :] == both
    assert replayed(path)
    assert both[-len(replayed(path)) :] == replayed(path)
    assert in_thread.stat().st_size < 20_000


async def test_a_disk_that_takes_nothing_costs_the_recording_alone_and_the_gap_is_told(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_FIRST", 0.001)
    inside = tmp_path / "none" / "web.jsonl"
    told = list[Event]()
    async with recorded(config(virtual(3, 2)), inside) as stage, asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(Supervisor(told.append).keep(RECORDING, stage.recorder.keep))
        await story(stage)
        while not told:
            await asyncio.sleep(0)
        await story(stage)
        inside.parent.mkdir()
        while not inside.exists() or not inside.read_bytes():
            await asyncio.sleep(0.001)
        before = len(stage.engine)
        await story(stage)
        keeping.cancel()
        await stage.recorder.finish()
    assert told == [
        SideJobFailed(RECORDING.name, RECORDING.cost, f"{inside}: No such file or directory"),
    ]
    assert [header.why for header in headers(inside)] == [Why.GAP]
    assert headers(inside)[0].lost > 10
    again = replayed(inside)
    assert len(again) >= len(stage.engine) - before
    assert again == stage.engine[-len(again) :]  # some of what came before the disk did may have been waiting for it


async def test_more_than_a_disk_takes_is_lost_counted_and_what_follows_can_be_replayed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with recorded(config(virtual(3, 2)), path) as stage:
        await story(stage)
        before = len(stage.engine)
        monkeypatch.setattr(recording, "_MOST", 0)
        await story(stage)
        monkeypatch.undo()
        await stage.write()
        between = len(stage.engine)
        await story(stage)
        await stage.write()
    first, second = headers(path)
    assert (first.why, second.why, second.lost > 10) == (Why.START, Why.GAP, True)
    assert replayed(path) == [*stage.engine[:before], *stage.engine[between:]]


async def test_no_segment_begins_while_a_configuration_is_worked_out(path: Path) -> None:
    async with recorded(config(virtual(3, 2)), path, limit=1) as stage:
        await story(stage)
        following = Configured(config=config(virtual(1, 2, 3)))
        now = moment()
        stage.recorder.preparing(following, now)
        for _ in stage.director.state.prepare(following, now).work():
            pass
        await stage.write()
        await stage.write()
        assert len(headers(path)) == 1
        stage.director._step(following)
        await stage.write()
        await stage.report(3, up())
        await stage.write()
        in_thread = path.with_name("web.jsonl.1")
        assert [header.why for header in headers(in_thread, path)] == [Why.START, Why.FULL]
        assert replayed(in_thread, path) == stage.engine


async def test_checks_are_recorded_to_the_last_bit(path: Path) -> None:
    async with recorded(config(virtual(3, 2)), path) as stage:
        await stage.report(1, up())
        stage.director.report(next(iter(stage.director.plans)), REFUSED, 0.1 + 0.2, 1 / 3, "GET /")
        await stage.write()
    done = [each.event for each in _replayed(path) if isinstance(each, ToldEvent) and isinstance(each.event, CheckDone)]
    assert done == stage.told(CheckDone)
