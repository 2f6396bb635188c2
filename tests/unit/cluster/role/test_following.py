"""The role follows a real file, or a real pipe, as the configuration in force says."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ldirectord_py.cli.ctl.cluster.role import write
from ldirectord_py.cluster.role.following import RoleFollower
from ldirectord_py.engine.inputs import Moment, RoleTaken
from ldirectord_py.engine.role import HeldRole
from ldirectord_py.model.cluster.role import Role, RoleKind, RoleSource, RoleStatus
from ldirectord_py.model.cluster.settings import ClusterSettings
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event, RoleChanged, RoleUnclear
from tests.peers.patience import until

ACTIVE, STANDBY = Role.ACTIVE, Role.STANDBY


@dataclass
class Stage:
    """A role, and what follows it."""

    config: Config
    held: HeldRole = field(default_factory=lambda: HeldRole(None))
    events: list[Event] = field(default_factory=list)
    follower: RoleFollower = field(init=False)

    def __post_init__(self) -> None:
        self.follower = RoleFollower(lambda: self.config, lambda: self.held.status, self.take, self.events.append)

    def take(self, given: RoleTaken) -> None:
        self.events += self.held.take(given, Moment(1000.0, 1000.0))

    @property
    def role(self) -> Role:
        return self.held.status.role

    def unclear(self) -> list[str]:
        return [event.sentence for event in self.events if isinstance(event, RoleUnclear)]

    def reload(self, source: RoleSource) -> None:
        self.config = configured(source)
        self.follower.look_again()

    async def begin(self, before: RoleStatus | None = None) -> RoleTaken:
        taken = await self.follower.first(self.config, before)
        self.take(taken)
        return taken

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.follower.keep())
            yield
            task.cancel()


def configured(source: RoleSource) -> Config:
    return Config(path="x.cf", cluster=ClusterSettings(role=source))


def by_file(path: Path) -> RoleSource:
    return RoleSource(kind=RoleKind.FILE, path=str(path))


def by_fifo(path: Path) -> RoleSource:
    return RoleSource(kind=RoleKind.FIFO, path=str(path))


def put(path: Path, text: str) -> bool:
    """Write *text* to the pipe *path*; return whether somebody has it open, and there was room."""
    try:
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        os.write(pipe, text.encode())
    except BlockingIOError:
        return False
    finally:
        os.close(pipe)
    return True


async def test_a_file_is_followed_however_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "role"
    path.write_text("active\n")
    stage = Stage(configured(by_file(path)))
    await stage.begin()
    assert stage.role is ACTIVE
    async with stage.following():
        write(path, STANDBY)
        await until(lambda: stage.role is STANDBY)
        path.write_text("MASTER")
        await until(lambda: stage.role is ACTIVE)
    assert stage.unclear() == []


def test_what_a_link_leads_to_is_written_and_the_link_stays(tmp_path: Path) -> None:
    link, path = tmp_path / "link", tmp_path / "role"
    link.symlink_to(path.name)
    write(link, ACTIVE)
    assert link.is_symlink()
    assert path.read_text() == "active\n"


async def test_rubbish_and_a_file_that_is_gone_keep_the_role_and_are_told_once(tmp_path: Path) -> None:
    path = tmp_path / "role"
    write(path, ACTIVE)
    stage = Stage(configured(by_file(path)))
    await stage.begin()
    async with stage.following():
        path.write_text("perhaps\n")
        told = f"{path}: expected active or standby, but got 'perhaps'"
        await until(lambda: stage.unclear() == [told])
        path.unlink()
        gone = f"{path}: No such file or directory"
        await until(lambda: stage.unclear() == [told, gone])
        assert stage.role is ACTIVE
        write(path, STANDBY)
        await until(lambda: stage.role is STANDBY)
        path.unlink()
        await until(lambda: stage.unclear() == [told, gone, gone])
    assert stage.role is STANDBY


async def test_a_start_without_a_file_is_standby_unless_the_last_director_knew(tmp_path: Path) -> None:
    path = tmp_path / "none/role"
    source = by_file(path)
    assert (await Stage(configured(source)).begin()).role is STANDBY
    known = RoleStatus(ACTIVE, str(source), 123.0)
    assert await Stage(configured(source)).begin(known) == RoleTaken(ACTIVE, str(source), 123.0)
    elsewhere = RoleStatus(ACTIVE, "/run/other", 123.0)
    assert (await Stage(configured(source)).begin(elsewhere)).role is STANDBY


async def test_since_when_is_kept_if_the_role_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "role"
    write(path, STANDBY)
    known = RoleStatus(STANDBY, "vip", 123.0)
    assert (await Stage(configured(by_file(path))).begin(known)).since == 123.0
    write(path, ACTIVE)
    assert (await Stage(configured(by_file(path))).begin(known)).since == 0.0


@pytest.mark.parametrize("there", [False, True])
async def test_a_pipe_is_read_line_by_line_and_made_if_there_is_none(tmp_path: Path, *, there: bool) -> None:
    path = tmp_path / "pipe"
    if there:
        os.mkfifo(path)
    stage = Stage(configured(by_fifo(path)))
    await stage.begin()
    assert stage.role is STANDBY
    async with stage.following():
        await until(lambda: put(path, 'INSTANCE "VI_1" BACKUP 100\nINSTANCE "VI_1" MASTER 100\n'))
        await until(lambda: stage.role is ACTIVE)
        for piece in ("stand", "by\n\nwhat?\n"):
            assert put(path, piece)
        await until(lambda: stage.unclear() == [f"{path}: expected active or standby, but got 'what?'"])
        assert stage.role is STANDBY


async def test_a_writer_that_never_stops_takes_no_time_from_others(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    stage = Stage(configured(by_fifo(path)))
    async with stage.following():
        await until(path.exists)
        writer = await asyncio.create_subprocess_exec("sh", "-c", f"exec yes active >{path}")
        try:
            await until(lambda: stage.role is ACTIVE)
        finally:
            writer.kill()
            await writer.wait()
        await until(lambda: put(path, "standby\n"))
        await until(lambda: stage.role is STANDBY)


async def test_of_words_that_come_together_the_last_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    stage = Stage(configured(by_fifo(path)))
    await stage.begin()
    async with stage.following():
        await until(lambda: put(path, "active\nstandby\nwhat?\n" * 40))
        await until(stage.unclear)
        assert stage.role is STANDBY
        assert sum(isinstance(event, RoleChanged) for event in stage.events) == 1  # at the start
        assert len(stage.unclear()) == 1


@pytest.mark.parametrize("again", [False, True])
async def test_another_pipe_at_the_same_place_is_read(tmp_path: Path, *, again: bool) -> None:
    path = tmp_path / "pipe"
    stage = Stage(configured(by_fifo(path)))
    await stage.begin()
    async with stage.following():
        await until(lambda: put(path, "active\n"))
        await until(lambda: stage.role is ACTIVE)
        path.unlink()  # as keepalived does with its own when it ends
        if again:
            os.mkfifo(path)
        await until(lambda: put(path, "standby\n"))
        await until(lambda: stage.role is STANDBY)


async def test_a_pipe_is_read_by_one_director_alone(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    one, two = (Stage(configured(by_fifo(path))) for _ in range(2))
    async with one.following():
        await until(path.exists)
        with pytest.raises(OSError, match=f"another process reads {path} already"):
            await two.follower.keep()
    async with two.following():
        await until(lambda: put(path, "standby\n"))
        await until(lambda: two.role is STANDBY)


@pytest.mark.parametrize("other", ["standby", "rubbish"])
async def test_a_role_that_flaps_is_followed_at_leisure(tmp_path: Path, other: str) -> None:
    path, fresh = tmp_path / "role", tmp_path / "fresh"
    write(path, STANDBY)
    stage = Stage(configured(by_file(path)))
    await stage.begin()
    async with stage.following():
        for word in ["active", other] * 150:
            fresh.write_text(word)
            fresh.replace(path)
            await asyncio.sleep(0)
        write(path, ACTIVE)
        await until(lambda: stage.role is ACTIVE)
    assert len(stage.events) < 12


async def test_what_is_no_pipe_is_a_failure_that_a_supervisor_tells(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    path.write_text("active\n")
    stage = Stage(configured(by_fifo(path)))
    with pytest.raises(OSError, match=f"{path} is no named pipe"):
        await stage.follower.keep()


async def test_a_reload_that_names_another_source_is_followed(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write(one, STANDBY)
    write(two, ACTIVE)
    stage = Stage(configured(by_file(one)))
    await stage.begin()
    async with stage.following():
        stage.reload(by_file(two))
        await until(lambda: stage.role is ACTIVE)
        write(one, ACTIVE)
        stage.reload(RoleSource(fixed=STANDBY))
        await until(lambda: stage.role is STANDBY)
        stage.reload(replace(by_file(one)))
        await until(lambda: stage.role is ACTIVE)


async def test_the_role_that_another_configuration_would_bring_is_foreseen_and_not_taken(tmp_path: Path) -> None:
    file, pipe = tmp_path / "role", tmp_path / "pipe"
    file.write_text("standby\n")
    stage = Stage(configured(RoleSource()))
    foreseen = [
        await stage.follower.foreseen(configured(source))
        for source in (
            RoleSource(),
            RoleSource(fixed=STANDBY),
            by_file(file),
            by_file(tmp_path / "none"),
            by_fifo(pipe),
        )
    ]
    assert foreseen == [ACTIVE, STANDBY, STANDBY, ACTIVE, ACTIVE]
    assert (stage.role, stage.events, pipe.exists()) == (ACTIVE, [], False)
