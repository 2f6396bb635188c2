"""New configurations: on a signal, or when one of their files has changed on disk."""

import asyncio
import gc
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from ldirectord_py.config.grammar.directive import Unreadable
from ldirectord_py.config.syntax.files import content
from ldirectord_py.config.syntax.sources import digest, matches
from ldirectord_py.engine.differences import Differences, differences, services_in_force, too_much
from ldirectord_py.engine.reuse import reusing
from ldirectord_py.model.config import Config, MetricsDetail
from ldirectord_py.model.errors import ConfigRejected, TableUnavailable
from ldirectord_py.model.events import ConfigChanged, Event, Reloaded, ReloadRefused
from ldirectord_py.model.problems import Problem
from ldirectord_py.model.sources import Source, Sources
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.maintenance import Maintenance
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.supervision import SideJob
from ldirectord_py.system.threads import NoThread

WATCHING_FILES = SideJob("Watching the files of the configuration", "a change of them is not noticed")
T = TypeVar("T")

_REST = 0.5
"""Seconds without a change after which a file counts as written."""
_REST_SHORTENED = 2.0


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the file system says of a file, and changes with each writing."""

    size: int
    inode: int
    modified: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadResult:
    """What became of a reload."""

    problems: tuple[Problem, ...] = ()
    """Why it was refused; none: the new configuration is in force."""
    warnings: tuple[Problem, ...] = ()
    """What the operator should know of the configuration in force."""
    notes: tuple[str, ...] = ()
    """What of it is not in force yet, and why."""
    differences: Differences = field(default_factory=Differences)


Admit = Callable[[Config], Awaitable[tuple[Problem, ...]]]
Apply = Callable[[Config], Awaitable[tuple[str, ...]]]


async def _nothing_wrong(_config: Config) -> tuple[Problem, ...]:
    return ()


async def _nothing_more(_config: Config) -> tuple[str, ...]:
    return ()


class Reloader:
    """Puts a new configuration in force as a whole, or tells why not and leaves everything as it is."""

    def __init__(
        self,
        director: Director,
        schedule: Schedule,
        maintenance: Maintenance,
        load: Callable[[], Config],
        emit: Callable[[Event], None],
    ) -> None:
        self._director = director
        self._schedule = schedule
        self._maintenance = maintenance
        self._load = load
        self._emit = emit
        self._path = director.config.path
        self._sources = director.config.sources
        """What was read last, be it in force or refused."""
        self._stamps: tuple[object, ...] = ()
        """Of those files when they were last looked at; nothing: not since they were read."""
        self._reloading = asyncio.Lock()
        self.admit: Admit = _nothing_wrong
        """Says what of this machine keeps a configuration from being put in force; raises `TableUnavailable`."""
        self.apply: Apply = _nothing_more
        """Has what is not the director's follow a configuration; returns what did not."""
        self.loaded = time.time()
        """When the configuration in force was put in force, in seconds since the epoch."""
        self.refused_at: float | None = None
        """When the last reload was refused, in seconds since the epoch; None: it was not."""
        self.refused: tuple[Problem, ...] = ()
        """What was wrong with the last reload; none: nothing."""

    def read(self) -> Config:
        """Return what the files say now, and put nothing in force; blocks, and raises `ConfigRejected`."""
        before = self._director.config
        return uncollected(lambda: reusing(before, self._load()))

    async def reload(self, *, force: bool = False) -> ReloadResult:
        """Read the configuration, and put in force what it says; with *force* even if it takes most virtuals away."""
        async with self._reloading:
            try:
                before = self._director.config
                config = await in_thread(self.read)
                self._sources = config.sources
                if not force and (
                    sentence := too_much(services_in_force(before), config, before.reloadlimit, "reload")
                ):
                    insist = f"the one in force stays; if it is meant: ldirectord {self._path} reload --force"
                    return self._refuse((Problem(self._path, 0, f"{sentence}; {insist}"),))
                if problems := await self.admit(config):
                    return self._refuse(problems)
                await self._director.reload(config, await self._maintenance.look(config))
            except ConfigRejected as rejected:
                self._sources = rejected.sources if rejected.sources.files else self._sources
                return self._refuse(rejected.problems)
            except TableUnavailable as lost:
                return self._put_off(str(lost))
            except NoThread as error:
                return self._put_off(f"it cannot be read: {error.sentence}")
            self._schedule.time_phases(wanted=config.metricsdetail is MetricsDetail.EXTRA)
            await self._schedule.follow(self._director.state.plans)
            self._maintenance.look_again()
            gc.freeze()  # what has been made of it, too
            notes = await self.apply(config)
            self.loaded, self.refused, self.refused_at = time.time(), (), None
            self._emit(Reloaded(self._path, config.warnings))
            changes = Differences()
            with suppress(NoThread):  # it is in force all the same
                changes = await in_thread(partial(differences, before, config))
            return ReloadResult(warnings=config.warnings, notes=notes, differences=changes)

    def _put_off(self, sentence: str) -> ReloadResult:
        """Refuse a configuration that may be sound; with `autoreload` it is tried again."""
        self._sources = Sources(tuple(Source(source.path) for source in self._sources.files))
        self._stamps = ()
        return self._refuse((Problem(self._path, 0, sentence),))

    def _refuse(self, problems: tuple[Problem, ...]) -> ReloadResult:
        self.refused, self.refused_at = problems, time.time()
        self._emit(ReloadRefused(self._path, problems))
        return ReloadResult(problems=problems)

    async def watch_files(self) -> None:
        """Look at the files every `checkinterval` seconds; take them up where `autoreload` says so.  Never ends."""
        while True:
            await asyncio.sleep(self._director.config.checkinterval)
            await self._look_at_files()

    async def _look_at_files(self) -> None:
        sources = self._sources
        if await in_thread(partial(_stamps, sources)) == self._stamps:
            return
        self._stamps = await self._rested(sources)
        found = await in_thread(partial(_found, sources))
        if sources is not self._sources:
            self._stamps = ()  # they were read again in the meantime
            return
        if found is None or (changed := _changed(sources, found)) is None:
            return
        self._sources = found
        autoreload = self._director.config.autoreload
        self._emit(ConfigChanged(changed, reread=autoreload))
        if autoreload:
            await self.reload()

    async def _rested(self, sources: Sources) -> tuple[object, ...]:
        """Return the stamps of files that nobody is writing any more.

        One that has become shorter is waited for longer: it is what a writer leaves who begins anew.
        """
        before, stamps = self._stamps, await in_thread(partial(_stamps, sources))
        while True:
            await asyncio.sleep(_REST_SHORTENED if _shortened(before, stamps) else _REST)
            if (now := await in_thread(partial(_stamps, sources))) == stamps:
                return stamps
            stamps = now


def uncollected(work: Callable[[], T]) -> T:
    """Return what *work* returns, which stays, and out of the garbage collector's sight; to be called in a thread.

    The collector would look through thousands of servers again and again, for 100 ms each time, in which nothing else
    runs.  It would find nothing: what reads configurations leaves no cycles.
    """
    gc.collect()  # what there is now, which is little, so that no garbage is kept with it
    gc.disable()
    try:
        return work()
    finally:
        gc.freeze()
        gc.enable()


def freeze_memory() -> None:
    """Take what a configuration brought along out of the garbage collector's sight: it stays until the next one.

    What the last one left goes by itself, since little of it refers to itself; to look for that
    little would hold everything up.
    """
    gc.collect()
    gc.freeze()


def _stamps(sources: Sources) -> tuple[object, ...]:
    """Return what changes whenever one of the files is written, or one that an include asks for comes or goes."""
    return (*(_stamp(source.path) for source in sources.files), *(matches(pattern) for pattern, _ in sources.patterns))


def _shortened(before: tuple[object, ...], now: tuple[object, ...]) -> bool:
    """Return whether a file is smaller than it was, or gone."""
    pairs = [(old, new) for old, new in zip(before, now, strict=False) if isinstance(old, Stamp)]
    return any(not isinstance(new, Stamp) or new.size < old.size for old, new in pairs)


def _stamp(path: str) -> Stamp | None:
    """Return what changes whenever somebody writes the file; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116  # as the configuration has it
    except OSError:
        return None
    return Stamp(found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns)


def _found(sources: Sources) -> Sources | None:
    """Return the same files as they are now, or None where one cannot be read any more (then all stays as it is)."""
    patterns = tuple((pattern, matches(pattern)) for pattern, _ in sources.patterns)
    gone = {path for _, before in sources.patterns for path in before} - {path for _, now in patterns for path in now}
    files: list[Source] = []
    for source in sources.files:
        try:
            files.append(Source(source.path, digest(content(source.path))))
        except (OSError, Unreadable):
            if source.digest is not None and source.path not in gone:
                return None
            files.append(Source(source.path))
    return Sources(tuple(files), patterns)


def _changed(before: Sources, now: Sources) -> str | None:
    """Return the path of the first file, or the first pattern, that is not what it was; None: all are."""
    for one, other in zip(before.files, now.files, strict=True):
        if one != other:
            return one.path
    for (pattern, were), (_, are) in zip(before.patterns, now.patterns, strict=True):
        if were != are:
            return min(set(were) ^ set(are), default=pattern)
    return None
