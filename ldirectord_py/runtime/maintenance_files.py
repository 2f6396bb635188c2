"""The files in `maintenancedir`: read in a thread, and kept while the directory cannot be seen.

A file that has gone counts as gone once the directory has been seen without it, and without losing another file, for
`REST` seconds.  Whoever removes the directory with all that is in it (`rm -rf`) removes file after file, and then the
directory: by then none of them has counted, and a directory that has vanished changes nothing.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.inotify import DirectoryWatch

PATIENCE = 5.0
"""Seconds that a look waits for the directory."""
REST = 1.0
"""Seconds without a further removal after which removed files count as gone."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A directory at one moment."""

    names: frozenset[str]
    device: int
    """Of the file system that it is on, st_dev of stat(2)."""


@dataclass(frozen=True, slots=True)
class FileNews:
    """What has changed since the last look."""

    come: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    troubles: tuple[str, ...] = ()
    """What keeps us from seeing the directory as it is, in sentences."""


class _Removal:
    """Files that have gone, one after the other, and may be followed by the directory."""

    def __init__(self, names: frozenset[str]) -> None:
        """Begin while *names* are known; each may go once and be waited for, so that it comes to an end."""
        self._left = set(names)
        self._until = 0.0

    def seconds(self, gone: frozenset[str], now: float) -> float:
        """Return how long it is until *gone*, all that are missing now, count as gone; 0 or less: they do."""
        if not self._left.isdisjoint(gone):
            self._left -= gone
            self._until = now + REST
        return self._until - now


class MaintenanceFiles:
    """The names of the files in *directory*.

    That they cannot be seen does not mean that they have gone: where the directory cannot be read, or has vanished, or
    is empty and on another file system than before, as after an unmount, the names stay as they were.
    """

    def __init__(self, directory: str, changed: Callable[[], None]) -> None:
        self.directory = directory
        self.names: frozenset[str] = frozenset()
        self._changed = changed
        self._device: int | None = None
        """Where the directory was when it was last seen; None: it has not been seen."""
        self._watch: DirectoryWatch | None = None
        self._reading: asyncio.Future[tuple[Listing, FileNews]] | None = None
        self._removal: _Removal | None = None
        self._look_again: asyncio.TimerHandle | None = None

    async def read(self) -> FileNews:
        """Learn which files there are, and see to it that changes are told; return what has changed."""
        untold = self._watched()
        try:
            listing, news = await self._listed()
        except OSError as error:  # a TimeoutError as well
            self._removal = None
            return FileNews(troubles=(*untold, self._hidden(error)))
        if self._is_unmounted(listing):
            self._removal = None
            return FileNews(troubles=(*untold, self._unmounted()))
        self._device = listing.device
        gone = self._rested(news.gone)
        if gone or news.come:
            self.names = self.names - gone | news.come
        return FileNews(news.come, gone, untold)

    def close(self) -> None:
        """Watch no more."""
        if self._look_again is not None:
            self._look_again.cancel()
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _watched(self) -> tuple[str, ...]:
        """Have changes told at once; return what keeps us from it, if anything does."""
        if self._watch is None:
            try:
                self._watch = DirectoryWatch(self._changed)
            except OSError as error:
                return (f"Maintenance files are not noticed at once: inotify cannot be used: {error.strerror}",)
        return ()

    def _rested(self, gone: frozenset[str]) -> frozenset[str]:
        """Return those of *gone*, the files that are missing, that count as gone; have a look taken at the others."""
        if not gone:
            self._removal = None
            return gone
        loop = asyncio.get_running_loop()
        self._removal = self._removal or _Removal(self.names)
        if (seconds := self._removal.seconds(gone, loop.time())) <= 0:
            self._removal = None
            return gone
        if self._look_again is not None:
            self._look_again.cancel()
        self._look_again = loop.call_later(seconds, self._changed)
        return frozenset()

    async def _listed(self) -> tuple[Listing, FileNews]:
        """Return the directory as it is, and what is new; raise OSError, `TimeoutError` where it does not answer."""
        reading, self._reading = self._reading, None
        if reading is not None and reading.done():
            reading.exception()  # of another time; asked for, since the loop would tell of it as nobody's
            reading = None
        if reading is None:
            names, watch, directory = self.names, self._watch, self.directory
            reading = in_thread(lambda: _compared(listed(directory, watch), names))
        done, _ = await asyncio.wait({reading}, timeout=PATIENCE)
        if not done:
            self._reading = reading  # one thread that hangs is enough
            raise TimeoutError
        return reading.result()

    def _is_unmounted(self, listing: Listing) -> bool:
        return not listing.names and bool(self.names) and self._device not in {None, listing.device}

    def _unmounted(self) -> str:
        return (
            f"Maintenance directory {self.directory} is empty and on another file system than before, as after an"
            " unmount, so maintenance stays as it is: mount it again, or put any file into it to have it taken as it is"
        )

    def _hidden(self, error: OSError) -> str:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            why = error.strerror or "it does not answer"
            return f"Maintenance directory {self.directory} cannot be read, so maintenance stays as it is: {why}"
        if self._device is None:
            return f"Maintenance directory {self.directory} does not exist: no server is in maintenance"
        return (
            f"Maintenance directory {self.directory} has vanished, so maintenance stays as it is:"
            " create it again, and empty if no server is to be in maintenance"
        )


def listed(directory: str, watch: DirectoryWatch | None) -> Listing:
    """Return *directory* as it is now, and have *watch* watch it; raise OSError.  May take a file system's time."""
    if watch is not None:
        with suppress(OSError):  # reading the directory will say what is wrong, or that nothing is
            watch.add(directory)  # first, so that no change falls between the two
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return Listing(frozenset(os.listdir(descriptor)), os.fstat(descriptor).st_dev)  # noqa: PTH208  # names alone
    finally:
        os.close(descriptor)


def _compared(listing: Listing, names: frozenset[str]) -> tuple[Listing, FileNews]:
    """Return *listing* and in what it differs from *names*; in the thread, since there may be many."""
    return listing, FileNews(listing.names - names, names - listing.names)
