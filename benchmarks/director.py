"""The whole daemon on a table in memory, with an observer that measures; `native.py` starts it and asks.

    python benchmarks/director.py CONFIG LOGFILE CORE [bare | observed]

Bare, it has no observer besides that one; observed, it has a control socket and a state file, too.
Prints a line of JSON when the configuration is read, one when every server has been asked once, and one for each
line that it reads:

    begin     start to measure
    end       what was measured since
    weights   when servers were written out of the table, by address: seconds on the monotonic clock
    close in order, reset   how connections are left from now on (see `closing.py`)
"""

import array
import asyncio
import json
import os
import socket
import sys
import time
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

from native import SILENT

from ldirectord_py import app
from ldirectord_py.config.load import load
from ldirectord_py.model.checks.outcome import Verdict
from ldirectord_py.model.events import CheckDone, Event, FirstPassComplete, TableChanged
from ldirectord_py.model.table import RemoveDestination, SetDestination
from ldirectord_py.observers.logging.destinations import LogFile
from ldirectord_py.options import Options
from ldirectord_py.probing.closing import ClosingConnections, reset
from ldirectord_py.probing.time_waits import TimeWaitBudget

SLOTS = 20_000
"""Of a tenth of a millisecond each."""


class Measuring:
    """Takes down what happens; costs a fraction of a microsecond for each check."""

    def __init__(self) -> None:
        self.lateness = array.array("L", bytes(SLOTS * array.array("L").itemsize))
        self.latest = 0.0
        self.not_up = 0
        self.out: dict[str, float] = {}
        self.first_pass = asyncio.Event()
        self.began = self.spent = 0.0

    def observe(self, event: Event) -> None:
        if type(event) is CheckDone:
            if event.reals[0].real.address != SILENT:
                self.lateness[min(int(event.lateness * 1e4), SLOTS - 1)] += 1
                self.latest = max(self.latest, event.lateness)
                self.not_up += event.outcome.verdict is not Verdict.UP
            return
        match event:
            case FirstPassComplete():
                self.first_pass.set()
            case TableChanged(RemoveDestination(real=real)):
                self.out[str(real.address)] = time.monotonic()
            case TableChanged(SetDestination(real=real, destination=destination)) if destination.weight == 0:
                self.out[str(real.address)] = time.monotonic()
            case _:
                pass

    def begin(self) -> dict[str, float]:
        for slot in range(SLOTS):
            self.lateness[slot] = 0
        self.latest, self.not_up = 0.0, 0
        self.began, self.spent = time.monotonic(), time.process_time()
        return {}

    def end(self) -> dict[str, float]:
        seconds, spent = time.monotonic() - self.began, time.process_time() - self.spent
        checks = sum(self.lateness)
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return {
            "checks": checks,
            "not_up": self.not_up,
            "rate": checks / seconds,
            "cpu": spent / seconds * 100,
            "micros": spent / checks * 1e6,
            "memory": resident / 1e6,
            "late50": self.late(checks * 0.5),
            "late99": self.late(checks * 0.99),
            "late100": self.latest * 1e3,
        }

    def late(self, checks: float) -> float:
        """Return the milliseconds by which so many checks were late at most, to a tenth."""
        return next(slot / 10 for slot, seen in enumerate(accumulate(self.lateness), 1) if seen >= checks)


IN_ORDER = {name: getattr(ClosingConnections, name) for name in ("close_first", "close_second")}


def reset_instead(_connections: ClosingConnections, opened: socket.SocketType, *_: object, **__: object) -> None:
    reset(opened)


def leave_by(way: str) -> None:
    """Have all connections closed in order, however many TIME_WAITs that leaves, or all of them reset."""
    for name, in_order in IN_ORDER.items():
        setattr(ClosingConnections, name, in_order if way == "close in order" else reset_instead)
    TimeWaitBudget.spend = lambda _self, _now: True


def tell(fact: dict[str, float]) -> None:
    print(json.dumps(fact), flush=True)


class Bare(app.Application):
    """A director of which nothing is told: it has neither a log nor anything else."""

    def _subscribe(self) -> None:
        self.observe(self._follow, without=(CheckDone,))


async def direct(path: Path, log: Path, mode: str = "") -> None:
    began = time.perf_counter()
    config = load(path)
    tell({"read": time.perf_counter() - began})
    options = Options(table="memory", log=lambda _config: LogFile(log))
    if mode == "observed":
        options = replace(options, control=path.with_suffix(".sock"), state=path.with_suffix(".state"))
    application = (Bare if mode == "bare" else app.Application)(config, options)
    measuring = Measuring()
    application.observe(measuring.observe)

    def command() -> None:
        match sys.stdin.readline().strip():
            case "begin":
                tell(measuring.begin())
            case "end":
                tell(measuring.end())
            case "weights":
                tell(measuring.out)
            case "close in order" | "reset" as way:
                leave_by(way)
                tell({})
            case _:
                application.end()
                loop.remove_reader(sys.stdin)

    async def tell_first_pass() -> None:
        began = time.monotonic()
        await measuring.first_pass.wait()
        tell({"first_pass": time.monotonic() - began})

    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, command)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(tell_first_pass())
        tasks.create_task(application.run(lambda: None))


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[3])})
    asyncio.run(direct(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[4:]))
