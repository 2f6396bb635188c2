"""The history file: whatever a disk does, it has what the ring has, and a start goes on behind it."""

import asyncio
import errno
import json
import os
import resource
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from ldirectord_py.model.events import Event, HistoryLost
from ldirectord_py.model.history import EventQuery
from ldirectord_py.observers.history.event_ring import EventRing
from ldirectord_py.observers.history.event_writer import EventWriter, HistoryTarget
from tests.peers.patience import until
from tests.unit.observers import happenings as h


class Stage:
    """A ring with its writer."""

    def __init__(self, target: HistoryTarget | None, *, size: int = 10_000) -> None:
        self.target = target
        self.told: list[Event] = []
        self.ring = EventRing("b007", size=size)
        self.writer = EventWriter(self.ring, self.tell, pause=0)

    def tell(self, event: Event) -> None:
        self.told.append(event)
        self.ring.observe(event)

    def happen(self, times: int) -> None:
        for _ in range(times):
            self.ring.observe(h.DRIFT)

    @property
    def ids(self) -> list[int]:
        return [event.id for event in self.ring.find(EventQuery())]


@asynccontextmanager
async def keeping(target: HistoryTarget | None, *, size: int = 10_000) -> AsyncIterator[Stage]:
    """Have a writer run, which ends with whatever error it meets."""
    stage = Stage(target, size=size)
    assert not await stage.writer.restore(target)
    async with asyncio.TaskGroup() as tasks:
        keeper = tasks.create_task(stage.writer.keep())
        yield stage
        keeper.cancel()
    await stage.writer.finish()


@pytest.fixture
def target(tmp_path: Path) -> HistoryTarget:
    return HistoryTarget(tmp_path / "history.jsonl", 2**20)


def written(*paths: Path) -> list[int]:
    return [json.loads(line)["id"] for path in paths for line in path.read_bytes().splitlines()]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Have the disk be full for files beyond *size* bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


async def test_a_start_goes_on_behind_what_the_one_before_has_written(target: HistoryTarget) -> None:
    async with keeping(target) as stage:
        stage.happen(2)
        await until(lambda: target.path.exists() and len(written(target.path)) == 2)
        stage.happen(1)
    async with keeping(target) as again:
        assert again.ids == [1, 2, 3]
        again.happen(2)
    assert written(target.path) == [1, 2, 3, 1004, 1005]


async def test_two_files_take_no_more_than_they_may_and_are_read_together(target: HistoryTarget) -> None:
    async with keeping(target) as stage:
        for _ in range(10):
            stage.happen(1000)
            await until(lambda: stage.writer._seen == stage.ring.last)
    before = target.path.with_name("history.jsonl.1")
    assert before.stat().st_size + target.path.stat().st_size <= target.size
    assert before.stat().st_size > 2**18
    async with keeping(target) as again:
        assert again.ids == written(before, target.path)
        assert again.ids[-1] == 10_000


async def test_a_full_disk_costs_nothing_once_there_is_room_again(target: HistoryTarget) -> None:
    stage = Stage(target)
    await stage.writer.restore(target)
    stage.happen(100)
    with files_of_at_most(4096), pytest.raises(OSError, match=rf"{target.path}: File too large"):
        await stage.writer.keep()
    assert len(written(target.path)) < 100
    stage.happen(50)
    await stage.writer.finish()
    assert written(target.path) == list(range(1, 151))
    assert not stage.told


async def test_what_leaves_the_ring_before_it_can_be_written_is_counted_and_told(target: HistoryTarget) -> None:
    stage = Stage(target, size=100)
    await stage.writer.restore(target)
    stage.happen(350)
    await stage.writer.finish()
    assert stage.told == [HistoryLost(str(target.path), 250)]
    assert written(target.path) == list(range(251, 352))


def a_link(path: Path) -> None:
    path.symlink_to(path.with_name("aim"))


def a_foreign_file(path: Path) -> None:
    path.write_text("root:x:0:0\n")


def no_directory(path: Path) -> None:
    path.parent.rmdir()


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (os.mkfifo, "it is no regular file of ours"),
        (a_link, "it is a symbolic link, which is not followed"),
        (a_foreign_file, "it is no history of events, and stays as it is"),
        (no_directory, "No such file or directory"),
        (Path.mkdir, "Is a directory"),
    ],
)
async def test_what_is_no_history_is_left_alone_and_told_when_it_is_to_be_written(
    tmp_path: Path, place: Callable[[Path], None], reason: str
) -> None:
    path = tmp_path / "folder" / "history.jsonl"
    path.parent.mkdir()
    place(path)
    stage = Stage(HistoryTarget(path, 2**20))
    assert not await stage.writer.restore(stage.target)
    stage.happen(1)
    with pytest.raises(OSError, match=f"{path}: {reason}"):
        await stage.writer.keep()
    assert not path.with_name("aim").exists()
    assert not path.is_file() or path.read_text() == "root:x:0:0\n"
    assert stage.ids == [1]


async def test_lines_that_are_no_events_are_told_once_and_a_torn_one_is_taken_away(target: HistoryTarget) -> None:
    async with keeping(target) as stage:
        stage.happen(2)
    with target.path.open("ab") as file:
        file.write(b'{"id":5}\nnonsense\n{"id":6,"boot"')
    again = Stage(target)
    told = f"historyfile: 2 lines of {target.path} are no events, and left out"
    assert await again.writer.restore(target) == told
    assert again.ids == [1, 2]
    again.happen(1)
    await again.writer.finish()
    assert target.path.read_bytes().splitlines()[4].startswith(b'{"id":1003,')


async def test_a_file_that_hangs_holds_up_neither_start_nor_end(
    target: HistoryTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(target)
    for patience in ("_PATIENCE", "_PATIENCE_AT_START"):
        monkeypatch.setattr(f"ldirectord_py.observers.history.event_writer.{patience}", 0.05)
    with stage.writer._file._working:  # a thread that hangs has it
        unread = await stage.writer.restore(target)
        assert unread == f"historyfile: {target.path} could not be read within 0.05 s, and is left unread"
        stage.happen(3)
        await stage.writer.finish()
    await until(lambda: target.path.exists() and len(written(target.path)) == 3)
    await stage.writer.finish()
    assert written(target.path) == [1, 2, 3]  # not written twice, though the first thread was waited for no longer


async def test_a_reload_names_another_file_or_none(target: HistoryTarget) -> None:
    other = HistoryTarget(target.path.with_name("other.jsonl"), target.size)
    async with keeping(target) as stage:
        stage.happen(1)
        await until(lambda: stage.writer._seen == 1)
        stage.writer.follow(other)
        stage.happen(1)
        await until(lambda: stage.writer._seen == 2)
        stage.writer.follow(None)
        stage.happen(1)
        stage.writer.follow(target)
        stage.happen(1)
        await until(lambda: stage.writer._seen == 4)
    assert (written(target.path), written(other.path)) == ([1, 4], [2])


async def test_a_file_that_was_moved_is_begun_anew(target: HistoryTarget) -> None:
    async with keeping(target) as stage:
        stage.happen(1)
        await until(lambda: stage.writer._seen == 1)
        target.path.rename(target.path.with_name("moved"))
        stage.happen(1)
        await until(lambda: stage.writer._seen == 2)
    assert (written(target.path.with_name("moved")), written(target.path)) == ([1], [2])


async def test_without_a_thread_nothing_is_lost(target: HistoryTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.EAGAIN, "no thread")

    stage = Stage(target)
    await stage.writer.restore(target)
    stage.happen(1)
    with monkeypatch.context() as patch:
        patch.setattr("ldirectord_py.observers.history.event_writer.in_thread", none)
        with pytest.raises(OSError, match="no thread"):
            await stage.writer.keep()
    await stage.writer.finish()
    assert written(target.path) == [1]
