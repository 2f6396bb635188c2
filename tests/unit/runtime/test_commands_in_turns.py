"""Commands about many servers: others of the loop have their turn all the time, and half a command is none."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ldirectord_py.model.checks.check_plan import Always, Polled
from ldirectord_py.model.checks.outcome import up
from ldirectord_py.model.commands import Command, Drain, Enable, Maintain
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import AdminCause, AdminChanged
from ldirectord_py.runtime.operator import Operator
from tests.peers.turns import MOST, watched_turns
from tests.unit.runtime.test_director import REFUSED, WEB, Stage, config, directing, polled, server, virtual

SERVERS = 2000
LAST = polled(SERVERS)
"""The check of the last server; all others are up."""


def many() -> Config:
    whole = virtual(*[1] * SERVERS, plan=Always())
    *others, last = whole.reals
    return config(replace(whole, reals=(*others, replace(last, plan=LAST))))


class Asked:
    """What the operator asks of a schedule."""

    def exchange(self, changes: Mapping[Polled, bool]) -> None:
        pass


@asynccontextmanager
async def operating() -> AsyncIterator[tuple[Stage, Operator]]:
    async with directing(many()) as stage:
        stage.director.report(LAST, up(), 0.001, 0.0)
        await until(lambda: sum(stage.weights().values()) == SERVERS)
        yield stage, Operator(stage.director, Asked())  # type: ignore[arg-type]


async def until(come_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not come_true():
            await asyncio.sleep(0)


@pytest.mark.parametrize("kind", [Drain, Maintain])
async def test_a_command_about_thousands_holds_no_turn(kind: type[Drain | Maintain]) -> None:
    async with operating() as (stage, operator):

        async def command(given: Command) -> None:
            await asyncio.sleep(0)  # so that what follows is measured
            assert len((await operator.carry_out(given, force=True)).changes) == SERVERS

        for _ in range(5):
            with watched_turns() as turns:
                await asyncio.create_task(command(kind(target=WEB, by="root")))
                await until(lambda: not served(stage))
                await asyncio.create_task(command(Enable(target=WEB, by="root")))
                stage.director.report(LAST, up(), 0.001, 0.0)
                await until(lambda: served(stage) == len(SOME))
            if turns.longest[0] <= MOST:
                break
        assert turns.count > SERVERS // 16
        assert turns.longest[0] <= MOST, turns.longest


SOME = [server(number) for number in range(1, SERVERS, 100)]


def served(stage: Stage) -> int:
    """Return the weight of some servers together: that of all would take a turn by itself."""
    found = stage.table.state[WEB].destinations
    return sum(found[each].weight for each in SOME if each in found)


async def test_the_end_of_a_command_about_thousands_comes_in_turns() -> None:
    async with operating() as (stage, operator):
        await operator.carry_out(Drain(target=WEB, by="root", until=time.time() + 0.2), force=True)
        with watched_turns() as turns:
            keeping = asyncio.create_task(operator.keep())
            async with asyncio.timeout(30):
                while stage.director.commanded:
                    await asyncio.sleep(0.02)
            keeping.cancel()
        assert turns.count > SERVERS // 16
        assert len([event for event in stage.told(AdminChanged) if event.cause is AdminCause.EXPIRED]) == SERVERS


async def test_a_command_that_is_cut_short_is_carried_out_all_the_same() -> None:
    async with operating() as (stage, operator):
        task = asyncio.create_task(operator.carry_out(Drain(target=WEB, by="root"), force=True))
        await until(lambda: bool(stage.director.commanded))
        assert len(stage.director.commanded) < SERVERS
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(stage.director.commanded) == SERVERS + 1  # and the virtual itself
        await until(lambda: sum(stage.weights().values()) == 1)  # the fallback's


async def test_of_two_commands_at_once_the_later_one_holds() -> None:
    async with operating() as (stage, operator):
        last = stage.director.config.virtuals[0].keys[-1]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(operator.carry_out(Drain(target=WEB, by="root"), force=True))
            tasks.create_task(operator.carry_out(Enable(target=last, by="root")))
        await until(lambda: not served(stage))
        assert stage.weights()[str(last.real)] == 1


async def test_a_server_that_dies_meanwhile_does_not_wait_for_the_command() -> None:
    async with operating() as (stage, operator):
        last = str(stage.director.config.virtuals[0].keys[-1].real)
        task = asyncio.create_task(operator.carry_out(Drain(target=WEB, by="root"), force=True))
        await until(lambda: bool(stage.director.commanded))
        stage.director.report(LAST, REFUSED, 0.001, 0.0)
        await until(lambda: last not in stage.weights())
        assert not task.done()
        await task
