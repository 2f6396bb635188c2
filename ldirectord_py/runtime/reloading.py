"""New configurations: on a signal, or when the file has changed on disk."""

import asyncio
import gc
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected, TableUnavailable
from ldirectord_py.model.events import ConfigChanged, Event, Reloaded, ReloadRefused
from ldirectord_py.model.problems import Problem
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.maintenance import Maintenance


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
        self._path = Path(director.config.path)
        self._stamp = _stamp(self._path)
        self._seen = _fingerprint(self._path)
        self._reloading = asyncio.Lock()

    async def reload(self) -> None:
        """Read the configuration file, and put in force what it says."""
        async with self._reloading:
            self._seen = await asyncio.to_thread(_fingerprint, self._path) or self._seen
            try:
                config = await asyncio.to_thread(self._load)
                await self._director.reload(config, await self._maintenance.look(config))
            except ConfigRejected as rejected:
                self._refuse(rejected.problems)
                return
            except TableUnavailable as lost:
                self._seen, self._stamp = None, ()  # with autoreload, tried again
                self._refuse((Problem(str(self._path), 0, str(lost)),))
                return
            self._schedule.retarget(self._director.polled)
            self._maintenance.look_again()
            settle_memory()
            self._emit(Reloaded(str(self._path), config.warnings))

    def _refuse(self, problems: tuple[Problem, ...]) -> None:
        self._emit(ReloadRefused(str(self._path), problems))

    async def watch_file(self) -> None:
        """Look at the file every `checkinterval` seconds; take it up where `autoreload` says so.  Never ends."""
        while True:
            await asyncio.sleep(self._director.config.checkinterval)
            if (stamp := await asyncio.to_thread(_stamp, self._path)) == self._stamp:
                continue
            self._stamp = stamp
            found = await asyncio.to_thread(_fingerprint, self._path)
            if found is None or found == self._seen:
                continue
            self._seen = found
            autoreload = self._director.config.autoreload
            self._emit(ConfigChanged(str(self._path), reread=autoreload))
            if autoreload:
                await self.reload()


def settle_memory() -> None:
    """Take what a configuration brought along out of the garbage collector's sight: it stays until the next one.

    What the last one left goes by itself, since little of it refers to itself; to look for that
    little would hold everything up.
    """
    gc.collect()
    gc.freeze()


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what changes whenever somebody writes the file; empty where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _fingerprint(path: Path) -> bytes | None:
    """Return a digest of the file's content, or None where it cannot be read (then all stays as it is)."""
    try:
        # Without waiting: a FIFO in its place must not keep a thread, and with it the end of the process, for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
