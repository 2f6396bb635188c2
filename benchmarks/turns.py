"""The dearest turn of the loop: how long checks are held up by a reload of many weights, and by maintenance files.

    python benchmarks/turns.py [SERVERS]

Counted is the processor time of the main thread, so that other load of the machine does not count.
"""

import asyncio
import sys
import tempfile
import time
from asyncio import events
from collections.abc import Awaitable, Callable
from pathlib import Path

from ldirectord_py.config.load import parse
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.config import Config
from ldirectord_py.observers.logging.destinations import LogFile
from ldirectord_py.observers.logging.log import open_log
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.maintenance import Maintenance
from ldirectord_py.runtime.reloading import Reloader, settle_memory
from ldirectord_py.workers.workers import Workers

IN_A_VIRTUAL = 100
_run = events.Handle._run  # noqa: SLF001  # each turn goes through it


class Dearest:
    """Measures each turn."""

    def __init__(self) -> None:
        self.seconds = 0.0

        def run(handle: asyncio.Handle) -> None:
            begun = time.thread_time()
            _run(handle)
            self.seconds = max(self.seconds, time.thread_time() - begun)

        events.Handle._run = run  # noqa: SLF001  # the same

    async def of(self, what: str, work: Awaitable[object]) -> None:
        self.seconds = 0.0
        await work
        print(f"{what}: {self.seconds * 1000:.1f} ms")


def address(number: int) -> str:
    return f"10.{number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


def configuration(servers: int, weight: int, directory: str) -> Config:
    lines = [f"maintenancedir={directory}"]
    for virtual in range(servers // IN_A_VIRTUAL):
        lines += [f"virtual=192.168.{virtual // 250}.{virtual % 250 + 1}:80", "\tchecktype=on"]
        first = virtual * IN_A_VIRTUAL
        lines += [f"\treal={address(number)}:80 gate {weight}" for number in range(first, first + IN_A_VIRTUAL)]
    return parse("\n".join(lines).encode(), "bench.cf")


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.05)


async def main(servers: int) -> None:
    folder = Path(tempfile.mkdtemp())
    files = folder / "maintenance"
    files.mkdir()
    weights = iter(range(1, 100))
    log = open_log(LogFile(folder / "log"))
    director = Director(configuration(servers, next(weights), str(files)), MemoryTable(), log)
    maintenance = Maintenance(log)
    await director.start(await maintenance.look(director.config))
    dearest = Dearest()
    async with asyncio.TaskGroup() as tasks:
        prober = Prober(tasks, Workers(), crashed=lambda _probe, error: print(error))
        schedule = Schedule(prober, director.report, limit=1000, drivers=64)
        schedule.retarget(director.plans)
        running = [tasks.create_task(director.table.follow()), tasks.create_task(maintenance.watch(director, schedule))]
        settle_memory()

        def load() -> Config:
            return configuration(servers, next(weights), str(files))

        reloader = Reloader(director, schedule, maintenance, load, log)
        await dearest.of(f"a reload of {servers} weights", tasks.create_task(reloader.reload()))
        names = [files / f"{address(number)}:80" for number in range(servers // 2)]
        await asyncio.to_thread(lambda: [name.touch() for name in names])
        await dearest.of(
            f"{len(names)} servers go into maintenance", until(lambda: len(director.in_maintenance) == len(names))
        )
        (files / address(servers - 1)).touch()
        await dearest.of("one more", until(lambda: len(director.in_maintenance) > len(names)))
        await asyncio.to_thread(lambda: [name.unlink() for name in files.iterdir()])
        await dearest.of("all come back", until(lambda: not director.in_maintenance))
        for task in running:
            task.cancel()
        schedule.close()
        prober.close()
    maintenance.close()


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20000))
