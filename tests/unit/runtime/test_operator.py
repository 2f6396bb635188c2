"""Commands on a director that keeps a table in memory, with a schedule that asks real sockets."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.commands import AdminKind, Command, Drain, Enable, Maintain, SetWeight
from ldirectord_py.model.errors import CommandRefused, LastServer, UnknownTarget
from ldirectord_py.model.events import AdminCause, AdminChanged, DriftFound, Event
from ldirectord_py.model.table import SetDestination
from ldirectord_py.probing.checking import checking
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.operator import Operator
from ldirectord_py.system.limits import limits
from tests.peers.patience import PATIENCE

CONFIG = """\
checkinterval=30
reconcileinterval=0.05
virtual=192.0.2.1:80
\treal=127.0.0.1:{0} masq 3
\treal=127.0.0.1:{1} masq 2
\tchecktype=connect
\thandset={handset}
virtual=192.0.2.2:80
\treal=127.0.0.1:{0} masq 1
\tchecktype=connect
"""


class Running:
    """A director with its operator, whose servers have been found up."""

    def __init__(self, director: Director, operator: Operator, table: MemoryTable, events: list[Event]) -> None:
        self.director, self.operator, self.table, self.events = director, operator, table, events

    async def weights(self) -> dict[str, dict[str, int]]:
        """Return what the table has, as soon as nothing is pending."""
        await asyncio.sleep(0)
        found = await self.table.read(list(self.director.state.virtuals))
        return {
            key.label: {str(real.port): entry.weight for real, entry in service.destinations.items()}
            for key, service in found.items()
        }

    async def until(self, virtual: str, expected: dict[str, int]) -> None:
        async with asyncio.timeout(PATIENCE):
            while (await self.weights())[virtual] != expected:
                await asyncio.sleep(0.01)


@pytest.fixture
def ports() -> Iterator[list[int]]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as one, socket.create_server(("127.0.0.1", 0)) as two:
        yield [one.getsockname()[1], two.getsockname()[1]]


@asynccontextmanager
async def running(ports: list[int], handset: str = "repair") -> AsyncIterator[Running]:
    config = parse(CONFIG.format(*ports, handset=handset).encode(), "web.cf")
    table, events = MemoryTable(), list[Event]()
    director = Director(config, table, events.append)
    await director.start()
    async with asyncio.TaskGroup() as tasks:
        with checking(
            tasks,
            limits(),
            director.report,
            crashed=lambda *_: None,
            certificate_seen=director.certificates.seen,
        ) as schedule:
            operator = Operator(director, schedule)
            jobs = [
                tasks.create_task(job) for job in (director.table.follow(), director.table.watch(), operator.keep())
            ]
            schedule.retarget(director.plans)
            stage = Running(director, operator, table, events)
            await stage.until("192.0.2.1:80", {str(ports[0]): 3, str(ports[1]): 2})
            yield stage
            for job in jobs:
                job.cancel()


async def test_a_command_is_in_the_table_at_once_and_says_what_it_changed(ports: list[int]) -> None:
    one, two = map(str, ports)
    async with running(ports) as stage:
        target = stage.operator.find(f"127.0.0.1:{one}@192.0.2.1:80")
        done = stage.operator.carry_out(Drain(target=target, by="root", reason="a new release"))
        ((real, before, after),) = done.changes
        assert (str(real.real), before, after and after.kind) == (f"127.0.0.1:{one}", None, AdminKind.DRAIN)
        await stage.until("192.0.2.1:80", {one: 0, two: 2})
        assert (await stage.weights())["192.0.2.2:80"] == {one: 1}
        stage.operator.carry_out(Enable(target=target, by="root"))
        await stage.until("192.0.2.1:80", {one: 3, two: 2})


async def test_maintenance_ends_a_check_and_enabling_asks_again(ports: list[int]) -> None:
    one, two = map(str, ports)
    async with running(ports) as stage:
        target = stage.operator.find(f"127.0.0.1:{two}")
        before = set(stage.director.plans)
        stage.operator.carry_out(Maintain(target=target, by="root"))
        await stage.until("192.0.2.1:80", {one: 3})
        done = stage.operator.carry_out(Enable(target=target, by="root"))
        assert done.notes == (f"127.0.0.1:{two}@tcp:192.0.2.1:80 is out until a check of it succeeds",)
        assert set(stage.director.plans) == before
        await stage.until("192.0.2.1:80", {one: 3, two: 2})


async def test_a_command_ends_by_itself(ports: list[int]) -> None:
    one, two = map(str, ports)
    async with running(ports) as stage:
        target = stage.operator.find(f"127.0.0.1:{two}")
        stage.operator.carry_out(SetWeight(target=target, weight=9, by="root", until=time.time() + 3600))
        await stage.until("192.0.2.1:80", {one: 3, two: 9})
        stage.operator.carry_out(SetWeight(target=target, weight=9, by="root", until=time.time() + 0.2))
        await stage.until("192.0.2.1:80", {one: 3, two: 2})
        ends = [event.cause for event in stage.events if isinstance(event, AdminChanged)]
        assert ends == [AdminCause.COMMAND, AdminCause.COMMAND, AdminCause.EXPIRED]


async def test_the_last_server_is_spared_unless_that_is_forced(ports: list[int]) -> None:
    one, two = map(str, ports)
    async with running(ports) as stage:
        host = stage.operator.find("127.0.0.1")
        for command in (Drain(target=host, by="root"), Maintain(target=host, by="root"), _weighing(host, 0)):
            with pytest.raises(LastServer, match=r"nobody would serve tcp:192\.0\.2\.1:80, tcp:192\.0\.2\.2:80") as it:
                stage.operator.carry_out(command)
            assert it.value.virtuals == ("tcp:192.0.2.1:80", "tcp:192.0.2.2:80")
        assert (await stage.weights())["192.0.2.1:80"] == {one: 3, two: 2}
        stage.operator.carry_out(_weighing(host, 5))
        stage.operator.carry_out(Drain(target=host, by="root"), force=True)
        await stage.until("192.0.2.1:80", {one: 0, two: 0})
        stage.operator.carry_out(Drain(target=host, by="root"))  # nobody is left without a server by that


def _weighing(target: object, weight: int) -> Command:
    return SetWeight(target=target, weight=weight, by="root")


async def test_what_makes_no_sense_changes_nothing(ports: list[int]) -> None:
    async with running(ports) as stage:
        target = stage.operator.find(f"127.0.0.1:{ports[1]}")
        for command, why in (
            (_weighing(target, -1), "weight must be 0 to 65535, but got -1"),
            (_weighing(target, 65536), "weight must be 0 to 65535"),
            (Drain(target=target, by="root", until=time.time() - 1), "has passed"),
        ):
            with pytest.raises(CommandRefused, match=why):
                stage.operator.carry_out(command)
        with pytest.raises(UnknownTarget, match="is called 10"):
            stage.operator.find("10.0.0.1:80")
        assert stage.director.commanded == {}


async def test_a_check_is_carried_out_now(ports: list[int]) -> None:
    async with running(ports) as stage:
        count = len(stage.events)
        assert len(stage.operator.check_now(stage.operator.find("127.0.0.1"))) == 3
        async with asyncio.timeout(PATIENCE):
            while len(stage.events) < count + 2:  # the two virtuals share a check of one server
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("handset", ["respect", "repair"])
async def test_a_weight_that_is_set_in_the_table_holds_where_that_is_respected(ports: list[int], handset: str) -> None:
    one, two = map(str, ports)
    async with running(ports, handset) as stage:
        key = next(iter(stage.director.state.virtuals))
        found = (await stage.table.read([key]))[key].destinations
        real, entry = next((real, entry) for real, entry in found.items() if str(real.port) == one)
        await stage.table.apply([SetDestination(key, real, replace(entry, weight=7))])
        if handset == "respect":
            async with asyncio.timeout(PATIENCE):
                while not any(isinstance(event, AdminChanged) for event in stage.events):
                    await asyncio.sleep(0.01)
            assert not any(isinstance(event, DriftFound) for event in stage.events)
            assert (await stage.weights())["192.0.2.1:80"] == {one: 7, two: 2}
        else:
            await stage.until("192.0.2.1:80", {one: 3, two: 2})
            assert any(isinstance(event, DriftFound) for event in stage.events)
