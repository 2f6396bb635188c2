"""`maintenancedir` on a real file system, with the real names of this machine."""

import asyncio
import errno
import gc
import os
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest

from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.address import Endpoint, IPAddress
from ldirectord_py.model.checks.check_plan import Always
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event, MaintenanceChanged, MaintenanceUnclear
from ldirectord_py.model.service import RealKey
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.maintenance import MOST_TOLD, Maintenance
from ldirectord_py.runtime.maintenance_files import REST, Listing, _Removal
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.host_names import HostNames, look_up
from ldirectord_py.workers.workers import Workers
from tests.peers.patience import PATIENCE
from tests.unit.runtime.test_director import WEB, virtual

A, B = "127.0.0.1:80", "10.9.0.2:80"
CURE = "call it ADDRESS, ADDRESS:PORT or as the server's host, or remove it"
LOCAL = look_up(IPv4Address("127.0.0.1")) or ""
"""What this machine calls 127.0.0.1, as a rule `localhost`."""


@dataclass
class Stage:
    """A director whose two servers need no check, and what watches the directory."""

    director: Director
    table: MemoryTable
    maintenance: Maintenance
    events: list[Event] = field(default_factory=list)

    @property
    def reading(self) -> asyncio.Future[object] | None:
        """A look at the directory that has been given up."""
        return self.maintenance._files._reading if self.maintenance._files else None

    def missed(self, name: str) -> bool:
        """Return whether it has been seen that the file *name* is missing, which does not count yet."""
        removal = self.maintenance._files._removal if self.maintenance._files else None
        return removal is not None and name not in removal._left

    def serving(self) -> set[str]:
        service = self.table.state.get(WEB)
        return {str(real) for real in service.destinations} if service else set()

    def told(self) -> list[str]:
        return [event.sentence for event in self.events if isinstance(event, MaintenanceUnclear)]

    def files(self) -> list[tuple[str, bool]]:
        return [(event.by, event.active) for event in self.events if isinstance(event, MaintenanceChanged)]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await asyncio.sleep(0.001)


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
        prober = Prober(tasks, Workers(), crashed=lambda _probe, error: pytest.fail(repr(error)))
        schedule = Schedule(prober, director.report, limit=10, drivers=10)
        schedule.retarget(director.plans)
        running = [
            tasks.create_task(director.table.follow()),
            tasks.create_task(maintenance.watch(director, schedule)),
        ]
        yield Stage(director, table, maintenance, events)
        for task in running:
            task.cancel()
        schedule.close()
        prober.close()
        maintenance.close()


async def test_files_take_servers_out_at_once(tmp_path) -> None:
    async with watching(config(tmp_path, interval=3600)) as stage:  # so that nobody looks but because of news
        assert stage.serving() == {A, B}
        (tmp_path / "127.0.0.1:80").touch()
        await stage.until(lambda: stage.serving() == {B})
        (tmp_path / "moving").touch()
        (tmp_path / "moving").rename(tmp_path / "10.9.0.2")
        await stage.until(lambda: stage.serving() == set())
        (tmp_path / "127.0.0.1:80").unlink()
        (tmp_path / "10.9.0.2").rename(tmp_path / ".10.9.0.2")
        await stage.until(lambda: stage.serving() == {A, B})
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
    assert set(stage.told()) == {f"Maintenance file '127.0.0.3' names no real server: {CURE}"}


async def test_thousands_of_files_that_name_nobody_are_told_in_one_sentence(tmp_path) -> None:
    for number in range(MOST_TOLD + 1):
        (tmp_path / f"192.0.2.{number}").touch()
    async with watching(config(tmp_path)) as stage:
        assert stage.told() == [f"More than {MOST_TOLD} maintenance files name no real server: {CURE}"]
        (tmp_path / "10.9.0.2").touch()
        await stage.until(lambda: stage.serving() == {A})
        assert len(stage.told()) == 1


async def turns_while(work: Awaitable[object]) -> int:
    """Return how often others of the loop had their turn until *work* was done."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        counting = tasks.create_task(count())
        await work
        counting.cancel()
    return turns


async def test_thousands_of_files_are_read_in_turns_of_the_loop_and_one_more_costs_one(tmp_path) -> None:
    for number in range(5000):
        (tmp_path / f"192.0.{number // 250}.{number % 250}").touch()
    maintenance = Maintenance(lambda _event: None)
    configured = config(tmp_path)
    assert await turns_while(maintenance.look(configured)) > 5000 // 256
    (tmp_path / "10.9.0.2").touch()
    looked_at: list[str] = []
    add = maintenance._maintained.add

    def watched(names: Iterable[str]) -> set[RealKey]:
        looked_at.extend(some := list(names))
        return add(some)

    maintenance._maintained.add = watched
    assert [str(key.real) for key in await maintenance.look(configured)] == [B]
    assert looked_at == ["10.9.0.2"]
    maintenance.close()


async def test_a_directory_that_is_not_there_at_the_start_keeps_nobody_out_until_it_comes(tmp_path) -> None:
    directory = tmp_path / "later"
    async with watching(config(directory, interval=0.05)) as stage:
        assert stage.told() == [f"Maintenance directory {directory} does not exist: no server is in maintenance"]
        assert stage.serving() == {A, B}
        directory.mkdir()
        (directory / "10.9.0.2").touch()
        await stage.until(lambda: stage.serving() == {A})


async def test_a_directory_that_vanishes_lets_nobody_in_until_it_is_there_again(tmp_path) -> None:
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "10.9.0.2").touch()
    async with watching(config(directory, interval=0.05)) as stage:
        directory.rename(tmp_path / "gone")
        await stage.until(lambda: bool(stage.told()))
        stays = "has vanished, so maintenance stays as it is"
        remedy = "create it again, and empty if no server is to be in maintenance"
        assert stage.told() == [f"Maintenance directory {directory} {stays}: {remedy}"]
        # A reload in between changes nothing either.
        configured = config(directory, interval=0.05)
        await stage.director.reload(configured, await stage.maintenance.look(configured))
        stage.maintenance.look_again()
        assert stage.serving() == {A}
        directory.mkdir()
        await stage.until(lambda: stage.serving() == {A, B})
        assert stage.files() == [("10.9.0.2", True), ("10.9.0.2", False)]


async def test_files_that_are_removed_one_by_one_let_nobody_in_until_the_directory_has_rested(
    tmp_path, monkeypatch
) -> None:
    directory = tmp_path / "files"
    directory.mkdir()
    names = [A, B, *(f"192.0.2.{number}" for number in range(50))]
    for name in names:
        (directory / name).touch()
    monkeypatch.setattr("ldirectord_py.runtime.maintenance_files.REST", 3600)
    async with watching(config(directory, interval=0.05)) as stage:
        for name in names:
            (directory / name).unlink()
            await stage.until(lambda name=name: stage.missed(name))
        directory.rmdir()
        await stage.until(lambda: any("has vanished" in told for told in stage.told()))
        configured = config(directory, interval=0.05)
        await stage.director.reload(configured, await stage.maintenance.look(configured))
        assert stage.serving() == set()
        monkeypatch.setattr("ldirectord_py.runtime.maintenance_files.REST", 0.01)
        directory.mkdir()
        (directory / A).touch()
        await stage.until(lambda: stage.serving() == {B})
    assert [name for name, begins in stage.files() if not begins] == [B]


async def test_a_file_that_is_back_before_the_directory_has_rested_keeps_its_server_out(tmp_path, monkeypatch) -> None:
    (tmp_path / A).touch()
    (tmp_path / B).touch()
    monkeypatch.setattr("ldirectord_py.runtime.maintenance_files.REST", 0.2)
    async with watching(config(tmp_path, interval=3600)) as stage:
        (tmp_path / A).unlink()
        await stage.until(lambda: stage.missed(A))
        (tmp_path / A).touch()
        (tmp_path / B).unlink()
        await stage.until(lambda: stage.serving() == {B})
    assert [name for name, begins in stage.files() if not begins] == [B]


def test_further_removals_are_waited_for_once_each() -> None:
    removal = _Removal(frozenset("abc"))
    assert removal.seconds(frozenset("a"), 10) == REST
    assert removal.seconds(frozenset("a"), 10.25) == REST - 0.25
    assert removal.seconds(frozenset("ab"), 10.5) == REST
    assert removal.seconds(frozenset("bd"), 11) == REST - 0.5, "b went before, and d has come since the beginning"
    assert removal.seconds(frozenset("abd"), 11.5) == 0


class Mounts:
    """A folder in a mount namespace of its own, on which a file system can be mounted and unmounted."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()
        # The shell keeps the namespace; its view of the folder is reached through /proc.
        script = 'echo ready; while read line; do eval "$line"; echo done; done'
        words = ["unshare", "-m", "--propagation", "private", "sh", "-c", script]
        self._shell = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer("ready")
        self.seen = Path(f"/proc/{self._shell.pid}/root{place}")

    def do(self, command: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{command}\n")
        self._shell.stdin.flush()
        self._answer("done")

    def close(self) -> None:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.close()
        self._shell.wait(PATIENCE)
        self._shell.stdout.close()

    def _answer(self, word: str) -> None:
        assert self._shell.stdout is not None
        assert self._shell.stdout.readline().strip() == word


@pytest.fixture
def mounts(tmp_path) -> Iterator[Mounts]:
    if os.geteuid():
        pytest.skip("only root may mount")
    made = Mounts(tmp_path / "mounted")
    made.do(f"mount -t tmpfs maintenance {made.place}")
    yield made
    made.close()


async def test_an_unmount_lets_nobody_in(mounts: Mounts) -> None:
    (mounts.seen / "10.9.0.2").touch()
    async with watching(config(mounts.seen, interval=0.05)) as stage:
        assert stage.serving() == {A}
        mounts.do(f"umount {mounts.place}")
        await stage.until(lambda: bool(stage.told()))
        gone = "is empty and on another file system than before, as after an unmount"
        remedy = "mount it again, or put any file into it to have it taken as it is"
        assert stage.told() == [f"Maintenance directory {mounts.seen} {gone}, so maintenance stays as it is: {remedy}"]
        assert stage.serving() == {A}
        mounts.do(f"mount -t tmpfs maintenance {mounts.place}; touch {mounts.place}/127.0.0.1")
        await stage.until(lambda: stage.serving() == {B})


async def test_an_unmounted_directory_counts_again_once_there_is_a_file_in_it(mounts: Mounts) -> None:
    (mounts.seen / "10.9.0.2").touch()
    async with watching(config(mounts.seen, interval=0.05)) as stage:
        mounts.do(f"umount {mounts.place}")
        await stage.until(lambda: bool(stage.told()))
        (mounts.seen / ".taken").touch()
        await stage.until(lambda: stage.serving() == {A, B})


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

    monkeypatch.setattr("ldirectord_py.runtime.maintenance_files.DirectoryWatch", refuse)
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

    def silent(directory: str, _watch: object) -> Listing:
        asked.append(directory)
        answer.wait(PATIENCE)
        return Listing(frozenset({"10.9.0.2"}), 1)

    monkeypatch.setattr("ldirectord_py.runtime.maintenance_files.PATIENCE", 0.05)
    monkeypatch.setattr("ldirectord_py.runtime.maintenance_files.listed", silent)
    async with watching(config(tmp_path, interval=0.05)) as stage:
        assert stage.serving() == {A, B}
        assert stage.told() == [
            f"Maintenance directory {tmp_path} cannot be read, so maintenance stays as it is: it does not answer"
        ]
        for _ in range(2):  # another look begins, and gives up
            await stage.until(lambda: not stage.reading)
            await stage.until(lambda: bool(stage.reading))
        assert len(asked) == 1
        answer.set()
        await stage.until(lambda: stage.serving() == {A})


async def test_a_directory_that_fails_after_a_long_silence_leaves_no_error_that_is_nobodys(
    tmp_path, monkeypatch
) -> None:
    answer, asked, complaints = threading.Event(), [], []

    def silent(directory: str, _watch: object) -> Listing:
        asked.append(directory)
        if len(asked) > 1:
            return Listing(frozenset(), 1)
        answer.wait(PATIENCE)
        raise OSError(errno.ESTALE, "Stale file handle")

    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context["message"]))
    monkeypatch.setattr("ldirectord_py.runtime.maintenance_files.PATIENCE", 0.05)
    monkeypatch.setattr("ldirectord_py.runtime.maintenance_files.listed", silent)
    async with watching(config(tmp_path, interval=0.5)) as stage:
        await stage.until(lambda: not stage.reading)  # another look begins, and gives up
        await stage.until(lambda: bool(stage.reading))
        reading = stage.reading
        assert reading is not None
        answer.set()
        await stage.until(reading.done)
        del reading
        await stage.until(lambda: len(asked) > 1)
        await stage.until(lambda: not stage.reading)
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
        await stage.until(lambda: stage.maintenance._files is None)
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
        self.open.wait(PATIENCE)
        return self.answers.get(str(address), "")


async def test_names_are_asked_for_once_and_many_at_a_time() -> None:
    names, news = Names(), asyncio.Event()
    hosts = HostNames(news.set, names)
    addresses = [IPv4Address(f"10.0.{number // 250}.{number % 250}") for number in range(1000)]
    names.answers = {str(address): f"h{address}" for address in addresses}
    hosts.ask(addresses)
    hosts.ask(addresses)
    await hosts.wait(PATIENCE)
    assert hosts.complete
    assert len(hosts.known) == len(names.asked) == 1000
    assert news.is_set()
    hosts.ask(addresses)
    assert hosts.complete


async def test_name_servers_that_keep_silent_hold_nobody_up() -> None:
    names = Names()
    names.open.clear()
    hosts = HostNames(lambda: None, names)
    hosts.ask([IPv4Address("10.0.0.5")])
    await hosts.wait(0.05)
    assert not hosts.complete  # one that waited on would have waited for the answer
    names.open.set()
    await hosts.wait(PATIENCE)


async def test_what_is_known_outlasts_name_servers_that_fail_but_not_a_no(monkeypatch) -> None:
    monkeypatch.setattr("ldirectord_py.system.host_names._LASTING", 0.0)
    names, address = Names(), IPv4Address("10.0.0.5")
    hosts = HostNames(lambda: None, names)
    for answer, known in (("five", {address: "five"}), (None, {address: "five"})):
        names.answers = {"10.0.0.5": answer}
        hosts.ask([address])
        await hosts.wait(PATIENCE)
        assert hosts.known == known
    monkeypatch.setattr("ldirectord_py.system.host_names._BRIEF", 0.0)
    hosts = HostNames(lambda: None, names)
    hosts.known[address] = "five"
    names.answers = {}
    hosts.ask([address])
    await hosts.wait(PATIENCE)
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
        await in_thread(lambda: Path("/no/such/file").read_text())
    never = threading.Event()
    pending = in_thread(never.wait)
    pending.cancel()
    never.set()
