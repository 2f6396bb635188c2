"""What a running director answers to those who ask it over the API."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from ldirectord_py.model.checks.trace import Trace
from ldirectord_py.model.commands import Command, CommandDone, Target
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import NotDirecting
from ldirectord_py.model.history import EventSource, ExchangeSource
from ldirectord_py.model.plan_steps import PlannedReload, VipStep
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.snapshot import DaemonStatus, RealStatus, Snapshot, TableStatus
from ldirectord_py.model.table import Table
from ldirectord_py.probing.tracing.tracer import Tracer
from ldirectord_py.runtime.check_traces import CheckTraces
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.operator import Operator
from ldirectord_py.runtime.reload_plan import ReloadPlanner
from ldirectord_py.runtime.reloading import Reloader, ReloadResult
from ldirectord_py.runtime.snapshots import Live, real_statuses
from ldirectord_py.system.sysctls import KernelSettings


class Reload(Protocol):
    """Carries a reload out."""

    async def __call__(self, by: str, *, force: bool) -> ReloadResult:
        """Return what became of it; *by* names who asks."""
        ...


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """What is to be told of the process besides its director."""

    instance: str
    table: Table
    kernel: bool
    """Whether that is the kernel's."""
    settings: KernelSettings
    healthy: Callable[[], bool]
    """Says whether checks make progress."""
    snapshot: Callable[[], Snapshot]
    refresh: Callable[[], Awaitable[None]]
    """Sees that the connections in a snapshot are fresh."""
    live: Live
    events: EventSource
    exchanges: ExchangeSource
    foresee_vips: Callable[[Config], Awaitable[Sequence[VipStep]]]
    """Says what a configuration would do with VIPs."""
    started: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class _Work:
    """What can be done while the director is at work."""

    reloader: Reloader
    reload: Reload
    operator: Operator
    traces: CheckTraces


class ApiAnswers:
    """See `api.ports.Director`."""

    def __init__(self, director: Director, process: ProcessFacts) -> None:
        self._director = director
        self._process = process
        self._planner = ReloadPlanner(
            director, process.table, lambda virtual: process.live.counted(virtual).open, process.foresee_vips
        )
        self._work: _Work | None = None
        self._under_way: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def at_work(self, reloader: Reloader, reload: Reload, operator: Operator) -> AsyncIterator[None]:
        """Carry commands out meanwhile; what is under way at the end is broken off.

        Nothing may be carried out after the director has left its table.
        """
        tracer = Tracer()
        traces = CheckTraces(lambda: self._director.state, tracer)
        self._work = _Work(reloader, reload, operator, traces)
        try:
            yield
        finally:
            self._work = None
            for task in self._under_way:
                task.cancel()
            if self._under_way:
                await asyncio.wait(self._under_way)
            tracer.close()

    @property
    def events(self) -> EventSource:
        """What has happened."""
        return self._process.events

    @property
    def exchanges(self) -> ExchangeSource:
        """What the last checks of each server have found."""
        return self._process.exchanges

    def healthy(self) -> bool:
        """Return whether checks make progress."""
        return self._process.healthy()

    def ready(self) -> bool:
        """Return whether every real server that is checked has been checked once."""
        return self._director.state.first_pass

    def snapshot(self) -> Snapshot:
        """Return how everything is now."""
        return self._process.snapshot()

    async def refresh(self) -> None:
        """See that the connections in a snapshot are fresh."""
        await self._process.refresh()

    def status(self) -> DaemonStatus:
        """Say what runs, on which configuration, and what was wrong with the last one that was refused."""
        process, config, reconciler = self._process, self._director.config, self._director.reconciler
        reloader = self._work.reloader if self._work else None
        least = self._director.least_interval
        return DaemonStatus(
            pid=os.getpid(),
            instance=process.instance,
            config=config.path,
            role=self._director.role,
            started=process.started,
            loaded=reloader.loaded if reloader else process.started,
            healthy=process.healthy(),
            table=TableStatus(
                kind="kernel" if process.kernel else "memory",
                reachable=reconciler.reachable,
                agrees=reconciler.agrees,
            ),
            refused_at=reloader.refused_at if reloader else None,
            refused=tuple(str(problem) for problem in reloader.refused) if reloader else (),
            sysctls=process.settings.told(),
            reloadlimit=config.reloadlimit,
            checks_per_second=round(sum(1 / max(plan.interval, least) for plan in self._director.plans), 3),
        )

    def config(self) -> Config:
        """Return the configuration in force."""
        return self._director.config

    def find(self, name: str) -> Target:
        """See `Operator.find`."""
        return self._at_work().operator.find(name)

    def concerned(self, target: Target) -> Sequence[RealKey]:
        """See `Operator.concerned`."""
        return self._at_work().operator.concerned(target)

    def reals(self, keys: Sequence[RealKey]) -> Iterable[RealStatus]:
        """Return how those of *keys* are now that there are, each made when it is asked for."""
        return real_statuses(self._director, keys, self._process.live)

    def carry_out(self, command: Command, *, force: bool) -> CommandDone:
        """See `Operator.carry_out`."""
        return self._at_work().operator.carry_out(command, force=force)

    def check_now(self, target: Target) -> Sequence[RealKey]:
        """See `Operator.check_now`."""
        return self._at_work().operator.check_now(target)

    async def plan(self) -> PlannedReload:
        """Return what a reload would do now; raise `NotDirecting`."""
        work = self._at_work()
        with self._breakable():
            return await self._planner.plan(work.reloader.read)

    async def reload(self, *, force: bool, by: str) -> Mapping[str, Any]:
        """Reload, and say what changed or every problem; raise `NotDirecting`."""
        work = self._at_work()
        with self._breakable():
            result = await work.reload(by, force=force)
        changes = result.differences
        return {
            "in_force": not result.problems,
            "problems": [str(problem) for problem in result.problems],
            "warnings": [str(problem) for problem in result.warnings],
            "notes": list(result.notes),
            "added": [str(key) for key in changes.added],
            "removed": [str(key) for key in changes.removed],
            "changed": [str(key) for key in changes.changed],
        }

    async def trace(self, target: str) -> Mapping[str, Trace]:
        """See `CheckTraces.trace`; raise `NotDirecting`, too."""
        work = self._at_work()
        with self._breakable():
            return await work.traces.trace(target)

    def _at_work(self) -> _Work:
        if self._work is None:
            raise NotDirecting("the director has not begun yet, or is about to end: try again")
        return self._work

    @contextmanager
    def _breakable(self) -> Iterator[None]:
        """Have this task be broken off when the director is no longer at work."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # each request is answered by one
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)
