"""A reload of many servers: others of the loop have their turn all the time."""

import asyncio
import gc
from collections.abc import Awaitable
from dataclasses import replace

from ldirectord_py.engine.inputs import Commanded
from ldirectord_py.engine.reuse import reusing
from ldirectord_py.model.checks.check_plan import Always, CheckPlan
from ldirectord_py.model.checks.outcome import up
from ldirectord_py.model.commands import Maintain
from ldirectord_py.model.config import Config
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.runtime.reloading import uncollected
from ldirectord_py.workers.workers import Workers
from tests.unit.runtime.test_director import REFUSED, WEB, config, directing, virtual

VIRTUALS, SERVERS = 100, 20


def many(weight: int, plan: CheckPlan | None = None) -> Config:
    return config(
        *(
            replace(
                virtual(*[weight] * SERVERS, plan=plan), key=replace(WEB, endpoint=WEB.endpoint.at_port(1000 + number))
            )
            for number in range(VIRTUALS)
        )
    )


async def turns_of(work: Awaitable[object]) -> int:
    """Return how many turns of the loop others have until *work* is done."""
    done = asyncio.Event()
    turns = 0

    async def count() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(count())
        await work
        done.set()
    return turns


async def test_a_configuration_is_taken_and_written_a_part_at_a_time() -> None:
    servers = VIRTUALS * SERVERS
    async with directing(many(1, Always())) as stage:
        after = reusing(stage.director.config, many(2, Always()))
        # 128 servers are prepared, 256 compared and 32 written in a turn.
        assert await turns_of(stage.director.reload(after)) >= servers // 128 + servers // 32
        assert {weight for key in stage.table.state for weight in stage.weights(key).values()} == {2}


async def test_a_command_meanwhile_has_it_prepared_again_a_part_at_a_time() -> None:
    async with directing(many(1)) as stage:
        director = stage.director
        undisturbed = await turns_of(director.reload(reusing(director.config, many(2))))
        one = next(iter(director.state.servers))

        async def command_meanwhile() -> None:
            reloading = asyncio.ensure_future(director.reload(reusing(director.config, many(1))))
            for _ in range(5):
                await asyncio.sleep(0)
            director.administer(Commanded(Maintain(target=one, by="root")))
            await reloading

        assert await turns_of(command_meanwhile()) >= undisturbed + VIRTUALS * SERVERS // 128 // 2
        assert director.state.servers[one].in_maintenance


async def test_what_is_found_out_while_a_configuration_is_prepared_is_not_forgotten() -> None:
    async with directing(many(1)) as stage:
        await stage.report(1, up())
        (plan,) = {real.plan for real in stage.director.config.virtuals[0].reals[:1]}

        async def die_meanwhile() -> None:
            reloading = asyncio.ensure_future(stage.director.reload(reusing(stage.director.config, many(2))))
            for _ in range(5):
                await asyncio.sleep(0)
            stage.director.report(plan, REFUSED, 0.001, 0.0)
            await reloading

        await die_meanwhile()
        await stage.known()
        assert all("10.9.0.1:80" not in stage.weights(key) for key in stage.table.state)


async def test_the_schedule_follows_in_turns_and_comes_to_the_same() -> None:
    async with directing(many(1)) as stage, asyncio.TaskGroup() as tasks:
        prober = Prober(tasks, Workers(), crashed=lambda _probe, _error: None)
        schedule = Schedule(prober, lambda *_: None, limit=1, drivers=1)
        schedule.retarget(stage.director.plans)
        kept = dict(schedule._items)
        await stage.director.reload(config(*many(1).virtuals[:1]))
        await schedule.follow(stage.director.state.plans)
        assert set(schedule._items) == set(stage.director.plans)
        assert all(kept[plan] is item for plan, item in schedule._items.items())
        await stage.director.reload(many(1))
        await schedule.follow(stage.director.state.plans)
        assert set(schedule._items) == set(stage.director.plans) == set(kept)
        schedule.close()
        prober.close()


def test_what_is_read_is_out_of_the_collector_s_sight_and_the_collector_is_on_again() -> None:
    frozen = gc.get_freeze_count()
    read = uncollected(lambda: many(1))
    try:
        assert gc.isenabled()
        assert gc.get_freeze_count() > frozen + len(read.virtuals) * SERVERS
        assert not any(read is tracked for tracked in gc.get_objects())
    finally:
        gc.unfreeze()
