"""`maintenancedir` on a real file system, with the real names of this machine."""

import asyncio
import errno
import gc
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest

from ldirectord_py.aside import aside
from ldirectord_py.engine import policy
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.address import Endpoint, IPAddress
from ldirectord_py.model.checking import Always
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event, MaintenanceChanged, MaintenanceUnclear
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.host_names import HostNames, look_up
from ldirectord_py.runtime.maintenance import Maintenance
from tests.unit.runtime.test_director import WEB, virtual

A, B = "127.0.0.1:80", "10.9.0.2:80"
LOCAL = look_up(IPv4Address("127.0.0.1")) or ""
"""What this machine calls 127.0.0.1, as a rule `localhost`."""


@dataclass
class Stage:
    """A director whose two servers need no check, and what watches the directory."""

    director: Director
    table: MemoryTable
    maintenance: Maintenance
    events: list[Event] = field(default_factory=list)

    def serving(self) -> set[str]:
        service = self.table.state.get(WEB)
        return {str(real) for real in service.destinations} if service else set()

    def told(self) -> list[str]:
        return [event.sentence for event in self.events if isinstance(event, MaintenanceUnclear)]

    def files(self) -> list[tuple[str, bool]]:
        return [(event.by, event.active) for event in self.events if isinstance(event, MaintenanceChanged)]

    async def until(self, true: Callable[[], bool], seconds: float = 10) -> float:
        begun = time.monotonic()
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.001)
        return time.monotonic() - begun


def config(directory: Path | None, interval: float = 30) -> Config:
    servers = replace(virtual(1, 1, plan=Always()), fallback=None)
    reals = tuple(
        replace(real, endpoint=Endpoint(ip_address(text.partition(":")[0]), 80))
        for real, text in zip(servers.reals, (A, B), strict=True)
    )
    return Config(
        path="test.cf",
        virtuals=(replace(servers, reals=reals),),
        maintenancedir=str(directory) if directory else None,
        checkinterval=interval,
    )


@asynccontextmanager
async def watching(configured: Config) -> AsyncIterator[Stage]:
    table = MemoryTable()
    events: list[Event] = []
    director = Director(configured, table, events.append)
    maintenance = Maintenance(events.append)
    await director.start(await maintenance.look(configured))
    async with asyncio.TaskGroup() as tasks:
        prober = Prober(tasks, crashed=lambda _probe, error: pytest.fail(repr(error)))
        schedule = Schedule(prober, policy, director.report, limit=10, drivers=10)
        schedule.retarget(director.polled)
        running = [
            tasks.create_task(director.follow()),
            tasks.create_task(maintenance.watch(director, schedule)),
        ]
        yield Stage(director, table, maintenance, events)
        for task in running:
            task.cancel()
        schedule.close()
        prober.close()
        maintenance.close()


async def test_files_take_servers_out_within_milliseconds(tmp_path) -> None:
    async with watching(config(tmp_path)) as stage:
        assert stage.serving() == {A, B}
        (tmp_path / "127.0.0.1:80").touch()
        assert await stage.until(lambda: stage.serving() == {B}) < 1
        (tmp_path / "moving").touch()
        (tmp_path / "moving").rename(tmp_path / "10.9.0.2")
        assert await stage.until(lambda: stage.serving() == set()) < 1
        (tmp_path / "127.0.0.1:80").unlink()
        (tmp_path / "10.9.0.2").rename(tmp_path / ".10.9.0.2")
        assert await stage.until(lambda: stage.serving() == {A, B}) < 1
    assert sorted(stage.files()) == [
        ("10.9.0.2", False),
        ("10.9.0.2", True),
        ("127.0.0.1:80", False),
        ("127.0.0.1:80", True),
    ]


async def test_files_of_the_start_keep_servers_out_from_the_beginning(tmp_path) -> None:
    (tmp_path / LOCAL).touch()
    async with watching(config(tmp_path)) as stage:
        assert stage.serving() == {B}
        (tmp_path / LOCAL).unlink()
        await stage.until(lambda: stage.serving() == {A, B})


async def test_a_host_name_takes_its_server_out(tmp_path) -> None:
    async with watching(config(tmp_path)) as stage:
        (tmp_path / f"{LOCAL}:80").touch()
        await stage.until(lambda: stage.serving() == {B})


async def test_a_mistyped_name_is_told_once_while_it_is_there(tmp_path) -> None:
    async with watching(config(tmp_path)) as stage:
        (tmp_path / "127.0.0.3").touch()
        await stage.until(lambda: len(stage.told()) == 1)
        (tmp_path / "10.9.0.2").touch()
        await stage.until(lambda: stage.serving() == {A})
        (tmp_path / "127.0.0.3").unlink()
        (tmp_path / "10.9.0.2").unlink()
        await stage.until(lambda: stage.serving() == {A, B})
        (tmp_path / "127.0.0.3").touch()
        await stage.until(lambda: len(stage.told()) == 2)
    cure = "call it ADDRESS, ADDRESS:PORT or as the server's host, or remove it"
    assert set(stage.told()) == {f"Maintenance file '127.0.0.3' names no real server: {cure}"}


async def test_a_directory_that_comes_later_vanishes_and_comes_again(tmp_path) -> None:
    directory = tmp_path / "later"
    missing = f"Maintenance directory {directory} does not exist: no server is in maintenance"
    async with watching(config(directory, interval=0.05)) as stage:
        assert stage.told() == [missing]
        directory.mkdir()
        (directory / "10.9.0.2").touch()
        await stage.until(lambda: stage.serving() == {A})
        directory.rename(tmp_path / "gone")
        await stage.until(lambda: stage.serving() == {A, B})
        assert stage.told() == [missing, missing]
        directory.mkdir()
        (directory / "127.0.0.1").touch()
        await stage.until(lambda: stage.serving() == {B})


async def test_a_directory_that_cannot_be_read_leaves_maintenance_as_it_is(tmp_path) -> None:
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "10.9.0.2").touch()
    async with watching(config(directory, interval=0.05)) as stage:
        assert stage.serving() == {A}
        directory.rename(tmp_path / "kept")
        directory.symlink_to(directory)  # ELOOP
        await stage.until(lambda: len(stage.told()) == 1)
        assert "cannot be read, so maintenance stays as it is: Too many levels" in stage.told()[0]
        assert stage.serving() == {A}
        directory.unlink()
        (tmp_path / "kept" / "10.9.0.2").unlink()
        (tmp_path / "kept").rename(directory)
        await stage.until(lambda: stage.serving() == {A, B})


async def test_without_inotify_files_are_noticed_all_the_same(tmp_path, monkeypatch) -> None:
    def refuse(_changed: Callable[[], None]) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("ldirectord_py.runtime.maintenance.DirectoryWatch", refuse)
    async with watching(config(tmp_path, interval=0.05)) as stage:
        (tmp_path / "10.9.0.2").touch()
        await stage.until(lambda: stage.serving() == {A})
        (tmp_path / "10.9.0.2").unlink()
        await stage.until(lambda: stage.serving() == {A, B})
    assert stage.told() == [
        "Maintenance files are not noticed at once: inotify cannot be used: Too many open files",
    ]


async def test_a_directory_that_keeps_silent_keeps_one_thread_and_nobody_else(tmp_path, monkeypatch) -> None:
    answer, asked = threading.Event(), []

    def silent(directory: str, _watch: object) -> list[str]:
        asked.append(directory)
        answer.wait(20)
        return ["10.9.0.2"]

    monkeypatch.setattr("ldirectord_py.runtime.maintenance.PATIENCE", 0.05)
    monkeypatch.setattr("ldirectord_py.runtime.maintenance._listed", silent)
    async with watching(config(tmp_path, interval=0.05)) as stage:
        assert stage.serving() == {A, B}
        assert stage.told() == [
            f"Maintenance directory {tmp_path} cannot be read, so maintenance stays as it is: it does not answer"
        ]
        for _ in range(2):  # another look begins, and gives up
            await stage.until(lambda: not stage.maintenance._readings)
            await stage.until(lambda: bool(stage.maintenance._readings))
        assert len(asked) == 1
        answer.set()
        await stage.until(lambda: stage.serving() == {A})


async def test_a_directory_that_fails_after_a_long_silence_leaves_no_error_that_is_nobodys(
    tmp_path, monkeypatch
) -> None:
    answer, asked, complaints = threading.Event(), [], []

    def silent(directory: str, _watch: object) -> list[str]:
        asked.append(directory)
        if len(asked) > 1:
            return []
        answer.wait(20)
        raise OSError(errno.ESTALE, "Stale file handle")

    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context["message"]))
    monkeypatch.setattr("ldirectord_py.runtime.maintenance.PATIENCE", 0.05)
    monkeypatch.setattr("ldirectord_py.runtime.maintenance._listed", silent)
    async with watching(config(tmp_path, interval=0.5)) as stage:
        await stage.until(lambda: not stage.maintenance._readings)  # another look begins, and gives up
        await stage.until(lambda: bool(stage.maintenance._readings))
        (reading,) = stage.maintenance._readings.values()
        answer.set()
        await stage.until(reading.done)
        del reading
        await stage.until(lambda: len(asked) > 1)
        await stage.until(lambda: not stage.maintenance._readings)
    gc.collect()
    assert complaints == []


async def test_reloads_set_change_and_remove_the_directory(tmp_path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for directory, name in ((one, "127.0.0.1"), (other, "10.9.0.2")):
        directory.mkdir()
        (directory / name).touch()

    async def reload(stage: Stage, directory: Path | None) -> None:
        configured = config(directory)
        await stage.director.reload(configured, await stage.maintenance.look(configured))
        stage.maintenance.look_again()

    async with watching(config(None)) as stage:
        await reload(stage, one)
        assert stage.serving() == {B}
        await reload(stage, other)
        assert stage.serving() == {A}
        (one / "127.0.0.1").unlink()
        (other / "127.0.0.1:80").touch()
        await stage.until(lambda: stage.serving() == set())
        await reload(stage, None)
        assert stage.serving() == {A, B}
        (other / "127.0.0.1:80").unlink()
        await reload(stage, other)
        assert stage.serving() == {A}


# Names of hosts.


class Names:
    """Stands in for name servers: answers as told, and only when let."""

    def __init__(self) -> None:
        self.answers: dict[str, str | None] = {}
        self.open = threading.Event()
        self.open.set()
        self.asked: list[str] = []

    def __call__(self, address: IPAddress) -> str | None:
        self.asked.append(str(address))
        self.open.wait(10)
        return self.answers.get(str(address), "")


async def test_names_are_asked_for_once_and_many_at_a_time() -> None:
    names, news = Names(), asyncio.Event()
    hosts = HostNames(news.set, names)
    addresses = [IPv4Address(f"10.0.{number // 250}.{number % 250}") for number in range(1000)]
    names.answers = {str(address): f"h{address}" for address in addresses}
    hosts.ask(addresses)
    hosts.ask(addresses)
    await hosts.wait(10)
    assert hosts.settled
    assert len(hosts.known) == len(names.asked) == 1000
    assert news.is_set()
    hosts.ask(addresses)
    assert hosts.settled


async def test_name_servers_that_keep_silent_hold_nobody_up() -> None:
    names = Names()
    names.open.clear()
    hosts = HostNames(lambda: None, names)
    hosts.ask([IPv4Address("10.0.0.5")])
    begun = time.monotonic()
    await hosts.wait(0.05)
    assert time.monotonic() - begun < 2
    assert not hosts.settled
    names.open.set()
    await hosts.wait(10)


async def test_what_is_known_outlasts_name_servers_that_fail_but_not_a_no(monkeypatch) -> None:
    monkeypatch.setattr("ldirectord_py.runtime.host_names._LASTING", 0.0)
    names, address = Names(), IPv4Address("10.0.0.5")
    hosts = HostNames(lambda: None, names)
    for answer, known in (("five", {address: "five"}), (None, {address: "five"})):
        names.answers = {"10.0.0.5": answer}
        hosts.ask([address])
        await hosts.wait(10)
        assert hosts.known == known
    monkeypatch.setattr("ldirectord_py.runtime.host_names._BRIEF", 0.0)
    hosts = HostNames(lambda: None, names)
    hosts.known[address] = "five"
    names.answers = {}
    hosts.ask([address])
    await hosts.wait(10)
    assert hosts.known == {}


def test_an_address_without_a_name_is_no_error(monkeypatch) -> None:
    def herror(number: int):
        def ask(_address: str) -> None:
            raise socket.herror(number, "")

        return ask

    monkeypatch.setattr(socket, "gethostbyaddr", herror(1))
    assert look_up(IPv4Address("10.0.0.5")) == ""
    monkeypatch.setattr(socket, "gethostbyaddr", herror(2))
    assert look_up(IPv4Address("10.0.0.5")) is None


async def test_work_aside_raises_what_it_raises_and_is_not_waited_for() -> None:
    with pytest.raises(FileNotFoundError):
        await aside(lambda: Path("/no/such/file").read_text())
    never = threading.Event()
    pending = aside(never.wait)
    pending.cancel()
    never.set()
