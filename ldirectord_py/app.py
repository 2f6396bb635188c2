"""The composition root: a configuration in, a running director out.  The only place that knows everyone."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ldirectord_py import __version__
from ldirectord_py.api_endpoints import ApiEndpoints
from ldirectord_py.cluster_member import ClusterMember
from ldirectord_py.config.load import load
from ldirectord_py.config.meaning.here import HERE
from ldirectord_py.event_observers import EventObservers
from ldirectord_py.ipvs.kernel import KernelTable
from ldirectord_py.ipvs.opening import open_table
from ldirectord_py.model.config import Config, MetricsDetail
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.events import (
    CheckDone,
    Event,
    FirstPassComplete,
    Observer,
    Reloaded,
    RoleChanged,
    Started,
    Stopping,
)
from ldirectord_py.model.snapshot import Snapshot
from ldirectord_py.observers.events.log_line import Level
from ldirectord_py.observers.logging.entry import LogFormat
from ldirectord_py.observers.logging.log import open_log
from ldirectord_py.observers.logging.own_faults import OwnFaults
from ldirectord_py.options import Options, Ready
from ldirectord_py.probing.checking import checking
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.process_config import ProcessConfig
from ldirectord_py.runtime.api_answers import ApiAnswers, ProcessFacts
from ldirectord_py.runtime.connections.counts import ConnectionCounts
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.keeping_pid_file import KEEPING_PID_FILE, keep_pid_file
from ldirectord_py.runtime.leftovers import Leftovers
from ldirectord_py.runtime.lifetime import ShutdownRequested, Signals
from ldirectord_py.runtime.maintenance import WATCHING_MAINTENANCE, Maintenance
from ldirectord_py.runtime.operator import ENDING_COMMANDS, Operator
from ldirectord_py.runtime.predecessor import StateReading, predecessor, settings_before, vips_before
from ldirectord_py.runtime.recording.recorder import RECORDING, Recorder
from ldirectord_py.runtime.reloading import WATCHING_FILES, Reloader, ReloadResult, freeze_memory
from ldirectord_py.runtime.snapshots import Live, snapshot
from ldirectord_py.runtime.statefile import KEEPING_STATE, StateFile
from ldirectord_py.runtime.stream import EventStream
from ldirectord_py.runtime.table.shadow import Shadow
from ldirectord_py.runtime.table.table_writer import TableWriter
from ldirectord_py.system import processes
from ldirectord_py.system.limits import limits
from ldirectord_py.system.supervision import SideJob, Supervisor, Work
from ldirectord_py.system.sysctls import KernelSettings
from ldirectord_py.system.systemd import WATCHDOG, Notifier

_RELOADING = SideJob("Reloading on SIGHUP", "the configuration in force stays")


def run(config: Config, options: Options, ready: Ready) -> int:
    """Direct until a signal asks for the end, and return the exit status.

    Calls *ready* once the table is taken over.  Raises `DirectorError` if the director cannot start.
    """

    async def begin() -> int:
        return await Application(config, options).run(ready)

    processes.prepare_waiting()
    return asyncio.run(begin())


def prove(options: Options) -> None:
    """Try what `run` would need, and leave no trace; raise `DirectorError` if it could not start."""
    open_table(options.table, lambda _sentence: None, otherwise_memory=options.debug).close()


class Application:
    """The graph of everything that runs, and its life: to be made where a loop runs."""

    def __init__(self, config: Config, options: Options) -> None:
        self._options = options
        self._limits = limits()
        self._log = open_log(
            options.log(config), format=LogFormat(options.log_format), debug=options.debug, name=options.instance
        )
        self._faults = OwnFaults(self._log, lambda: self._director.config.secrets)
        self._supervised = config.supervised
        self._path = Path(config.path)
        self._stream = EventStream()
        self._supervisor = Supervisor(self._stream.emit)
        self._notifier = Notifier()
        self._reload = asyncio.Event()
        self._signals = Signals(self._reload.set)
        self._table = open_table(options.table, self._warn, otherwise_memory=options.debug)
        writer = Shadow if options.shadow else TableWriter
        self._director = Director(config, self._table, self._stream.emit, writer)
        self._observers = EventObservers(self._director, self._stream, options, self._limits)
        self.history = self._observers.history
        self._connections = ConnectionCounts(self._table, self._director)
        self._schedule: Schedule | None = None
        self._live = Live(self._connections.of, lambda plan: self._schedule.due(plan) if self._schedule else None)
        self._maintenance = Maintenance(self._stream.emit)
        state = None if options.state is None else StateReading(options.state)
        self._settings = KernelSettings({} if state is None else settings_before(state))
        self._member = ClusterMember(
            self._director, self._table, self._stream.emit, self._write_state, shadow=options.shadow
        )
        if state is not None and not options.shadow:
            self._member.vips.book.take_over(vips_before(state))
        self._state = StateFile(options.state, self._director, self._warn, self._left) if options.state else None
        self._recorder = Recorder(lambda: self._director.state, f"ldirectord_py {__version__}")
        self._answers = ApiAnswers(self._director, self._as_process())
        self._api = ApiEndpoints(self._answers, self._stream, self._limits.clients)
        self._process = ProcessConfig(
            director=self._director,
            api=self._api,
            recorder=self._recorder,
            history=self.history,
            settings=self._settings,
            follow_role=self._member.follow_role,
            vips=self._member.vips,
            limits=self._limits,
            warn=self._warn,
            shadow=options.shadow,
            kernel=isinstance(self._table, KernelTable),
            supervised=config.supervised,
        )
        self._subscribe()

    def _as_process(self) -> ProcessFacts:
        """Return what the API tells of this process besides what the director knows."""
        kernel = isinstance(self._table, KernelTable)
        shown = self.snapshot, self._connections.refresh, self._live, self.history.events, self.history.exchanges
        told = *shown, self._member.foreseen_vips
        return ProcessFacts(self._options.instance, self._table, kernel, self._settings, self._healthy, *told)

    def _subscribe(self) -> None:
        """Have everybody be told of events: this object first, since others go by what it has put in force."""
        self.observe(self._follow, without=(CheckDone,))
        self.observe(self._log, without=(CheckDone,))
        self._stream.subscribe_to(CheckDone, self._log.check_done)
        if self._state is not None:
            self.observe(self._state.observe, without=(CheckDone,))
        self._observers.subscribe()

    def observe(self, observer: Observer, *, without: tuple[type[Event], ...] = ()) -> None:
        """Tell *observer* of every event from now on, but not of the kinds in *without*."""
        self._stream.subscribe(observer, without=without)

    def snapshot(self) -> Snapshot:
        """Return how everything is now."""
        schedule = self._schedule
        shown = snapshot(
            self._director,
            inflight=schedule.inflight if schedule else 0,
            queued=schedule.queued if schedule else 0,
            log_lines_lost=self._log.lost,
            live=self._live,
        )
        calls = self._table.calls if isinstance(self._table, KernelTable) else None
        member = self._member
        return replace(shown, netlink=calls, sync_daemons=member.sync_daemons, vips=member.vips.book.status())

    def end(self) -> None:
        """Ask for the end, as SIGTERM does."""
        self._signals.ask("TERM")

    async def run(self, ready: Ready) -> int:
        """See the function `run`."""
        asyncio.get_running_loop().set_exception_handler(self._faults.of_callback)
        try:
            # Signals first: from the first change to the table on there is one way out.
            with self._signals:
                async with AsyncExitStack() as stack:
                    stack.push_async_callback(self._api.close)
                    await stack.enter_async_context(self._observers.notifications)
                    stack.callback(self._maintenance.close)
                    await self.history.restore(self._config(), self._warn)
                    self._process.open_ownership(self._options.run_dir, self._options.pid_file, stack)
                    if problems := await self._process.admit(self._config()):
                        raise ConfigRejected(problems)
                    await self._process.apply(self._config())
                    if await self._signals.unless_asked(self._take_over()):
                        await self._direct(ready)
                    self._notifier.stopping()
                    await self._member.vips.leave(stays=self._signals.leave_table)
                    if self._state is not None:
                        await self._state.write_last()
                    await self._leave()
                    await self._recorder.finish()
                self._stream.emit(Stopping(self._signals.name))
                await self.history.finish()
        finally:
            self._table.close()
            self._log.close()
        return 0

    async def _take_over(self) -> None:
        before = predecessor(self._options.state, time.time(), self._warn)
        leftovers = Leftovers(self._table, self._director.reconciler, self._process.ownership, self._warn)
        if not self._options.shadow:
            await leftovers.prove(before.left, self._config(), force=self._options.force)
        maintained = await self._maintenance.look(self._config())
        role = await self._member.first_role(before)
        await self._director.start(maintained, before.remembered, before.commanded, role)
        if not self._options.shadow:
            await leftovers.take_out(before.left, self._config(), force=self._options.force)

    async def _leave(self) -> None:
        await self._observers.leave(stays=self._signals.leave_table)
        if not self._signals.leave_table:
            await self._director.table.leave()
            await self._member.leave()
        await self._observers.notifications.finish()

    async def _direct(self, ready: Ready) -> None:
        director = self._director
        try:
            async with asyncio.TaskGroup() as tasks:
                with checking(
                    tasks,
                    self._limits,
                    director.report,
                    crashed=self._faults.of_check,
                    certificate_seen=director.certificates.seen,
                ) as schedule:
                    self._schedule = schedule
                    reloader = Reloader(director, schedule, self._maintenance, self._load, self._stream.emit)
                    reloader.admit, reloader.apply = self._process.admit, self._process.apply
                    tasks.create_task(director.table.follow(), name="follow health")
                    tasks.create_task(director.table.watch(), name="watch the table")
                    operator = Operator(director, schedule)
                    for job, work in self._side_jobs(reloader, schedule, operator):
                        tasks.create_task(self._supervisor.keep(job, work), name=job.name)
                    async with AsyncExitStack() as stack:
                        await self._open_api(reloader, operator, stack)
                        await self._signals.unless_asked(self._begin(schedule, ready))
                        await self._signals.end()
        except* ShutdownRequested:
            pass

    def _side_jobs(self, reloader: Reloader, schedule: Schedule, operator: Operator) -> Iterator[tuple[SideJob, Work]]:
        """Yield the jobs besides checks and table, which can fail for a while without harm."""
        yield ENDING_COMMANDS, operator.keep
        yield from self._member.jobs()
        yield from self._observers.jobs()
        yield WATCHING_FILES, reloader.watch_files
        yield WATCHING_MAINTENANCE, partial(self._maintenance.watch, self._director, schedule)
        yield _RELOADING, partial(self._reload_on_signal, reloader)
        yield RECORDING, self._recorder.keep
        yield WATCHDOG, partial(self._notifier.feed_watchdog, lambda: schedule.progressing)
        if self._state is not None:
            yield KEEPING_STATE, self._state.keep
        if self._options.mend_pid_file is not None:
            yield KEEPING_PID_FILE, partial(keep_pid_file, self._options.mend_pid_file, self._warn)

    async def _begin(self, schedule: Schedule, ready: Ready) -> None:
        schedule.slow_down(self._director.least_interval)
        schedule.time_phases(wanted=self._config().metricsdetail is MetricsDetail.EXTRA)
        schedule.retarget(self._director.plans)
        self._follow_config()
        freeze_memory()
        virtuals = self._director.config.virtuals
        self._stream.emit(Started(len(virtuals), sum(len(virtual.reals) for virtual in virtuals)))
        ready(*self._process.troubles, *await self._member.vips.settled())
        self._notifier.ready()

    async def _reload_on_signal(self, reloader: Reloader) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            await self._reload_now(reloader, "")

    async def _reload_now(self, reloader: Reloader, by: str, *, force: bool = False) -> ReloadResult:
        """Reload, and let the service manager know; *by* names who asked over the control socket."""
        told = f" or request: asked for by {by}" if by else ""
        self._log.say(f"Reloading Linux Director Daemon config on signal{told}", event="reload_requested")
        self._notifier.reloading()
        result = await reloader.reload(force=force)
        self._notifier.ready()
        return result

    async def _open_api(self, reloader: Reloader, operator: Operator, stack: AsyncExitStack) -> None:
        """Carry commands out, and serve the control socket; a director that cannot have one does without."""
        await stack.enter_async_context(self._answers.at_work(reloader, partial(self._reload_now, reloader), operator))
        await self._api.open_socket(self._options.control, stack, partial(self._log.say, level=Level.WARNING))

    def _left(self) -> Mapping[str, Any]:
        """Return what of this director's doing outlives the process, besides the table."""
        return {"sysctls": dict(self._settings.before), **self._member.left}

    def _healthy(self) -> bool:
        return self._schedule is None or self._schedule.progressing

    def _follow(self, event: Event) -> None:
        """Have the log go where a new configuration says; keep first verdicts out of the garbage collector's way."""
        if isinstance(event, FirstPassComplete):
            freeze_memory()
        self._member.follow(event)
        if isinstance(event, RoleChanged | Reloaded) and self._schedule is not None:
            self._schedule.slow_down(self._director.least_interval)
        if isinstance(event, Reloaded):
            self._follow_config()
            # Where it logs to standard output is decided at the start: a daemon has none.
            self._log.move(self._options.log(replace(self._config(), supervised=self._supervised)))

    def _follow_config(self) -> None:
        """Have what somebody wants to know counted and told, and cost nothing more where nobody does."""
        self._connections.totals = self._config().metricsdetail is MetricsDetail.EXTRA
        self._observers.follow_config()

    async def _write_state(self) -> None:
        if self._state is not None:
            await self._state.write()

    def _config(self) -> Config:
        return self._director.config

    def _load(self) -> Config:
        return load(self._path, replace(HERE, check_paths=not self._options.debug))

    def _warn(self, sentence: str) -> None:
        self._log.say(sentence, Level.WARNING)
