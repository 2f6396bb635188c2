"""`historyfile`: the events of the ring are appended to a file as well, and read again at the next start."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from ldirectord_py.model.events import Event, HistoryLost
from ldirectord_py.model.history import Recorded
from ldirectord_py.observers.history.event_lines import ReadBack, encoded, read_back
from ldirectord_py.observers.history.event_ring import SIZE, EventRing
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.line_file import Contents, LineFile
from ldirectord_py.system.supervision import SideJob

WRITING_HISTORY = SideJob("Writing the history file", "it lacks what happens")
_HISTORY = Contents("history of events", b'{"id":')
_PAUSE = 0.1
"""Seconds for which events are gathered, so that a busy director writes many at a time."""
_PATIENCE = 1.0
"""Seconds that the end of the process waits for what is still to be written."""
_PATIENCE_AT_START = 3.0
"""Seconds that the start waits for what is to be read: 0.2 s on an idle machine, more on a disk that hangs."""
_PIECE = 64 * 2**10
"""Bytes that are written at once, or a little more; the file is looked at in between."""
_MOST_READ = 8 * 2**20
"""Bytes of the file's end that are read at a start: ten thousand events have some 4 MB."""


class HistoryTarget(NamedTuple):
    """A history file."""

    path: Path
    size: int
    """Bytes that it and the one before it take together, at most."""


class EventWriter:
    """Appends what comes into *ring* to a file, by threads, while `keep` runs.

    What the file does not take waits in the ring; only what leaves the ring meanwhile is lost, which is *tell*-ed.
    """

    def __init__(self, ring: EventRing, tell: Callable[[Event], None], *, pause: float = _PAUSE) -> None:
        self._ring = ring
        self._tell = tell
        self._pause = pause
        self._file = _File()
        self._target: HistoryTarget | None = None
        self._seen = 0
        """The id of the last event that needs not be written any more."""
        self._wanted = asyncio.Event()

    def follow(self, target: HistoryTarget | None) -> None:
        """Write what happens from now on to *target*; None: nowhere."""
        if target == self._target:
            return
        if target is None or self._target is None or target.path != self._target.path:
            self._seen = self._ring.last
        self._target = target
        if target is not None:
            self._wanted.set()
        else:
            self._wanted.clear()

    async def restore(self, target: HistoryTarget | None) -> str:
        """Begin the ring with what *target* has of earlier starts, and go on behind it; return what was wrong with it.

        To be called before anything happens.  What keeps the file from being opened is told when it is to be written.
        """
        self.follow(target)
        if target is None:
            return ""
        try:
            async with asyncio.timeout(_PATIENCE_AT_START):
                found = await in_thread(lambda: self._file.read(target))
        except TimeoutError:
            return f"historyfile: {target.path} could not be read within {_PATIENCE_AT_START:g} s, and is left unread"
        except OSError:
            return ""
        self._ring.restore(found.events)
        self._seen = self._ring.last
        return f"historyfile: {found.broken} lines of {target.path} are no events, and left out" if found.broken else ""

    async def keep(self) -> None:
        """Write whatever happens; runs until cancelled, and raises `OSError` if it cannot be written."""
        while True:
            await self._wanted.wait()
            if self._seen >= self._ring.last:
                await self._ring.wait()
            await asyncio.sleep(self._pause)
            await self._write()

    async def finish(self) -> None:
        """Write what waits and let go of the file, but do not wait long for it."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                with suppress(OSError):
                    await self._write()
                await in_thread(self._file.close)

    async def _write(self) -> None:
        while (target := self._target) is not None and (news := self._ring.behind(self._seen)).events:
            await in_thread(partial(self._file.write, target, news.events))
            if target == self._target:
                self._seen = news.events[-1].id
            if news.lost:
                self._tell(HistoryLost(str(target.path), news.lost))


class _File:
    """What the threads do, one at a time."""

    def __init__(self) -> None:
        self._file: LineFile | None = None
        self._target: HistoryTarget | None = None
        self._written = 0
        """The id of the last event that is in the file: a thread that was waited for no longer may still write some."""
        self._working = Lock()

    def read(self, target: HistoryTarget) -> ReadBack:
        """Return what is in the file; raise `OSError` if there can be none."""
        with self._working:
            return read_back(self._at(target).tail(_MOST_READ).splitlines()[-SIZE:])

    def write(self, target: HistoryTarget, events: Sequence[Recorded]) -> None:
        """Append *events*; raise `OSError`, with what is wrong and where, if that cannot be."""
        with self._working:
            try:
                file = self._at(target)
                for last, piece in _pieces([event for event in events if event.id > self._written]):
                    if not file.is_open or file.is_over:
                        file.open()
                    file.append(piece)
                    self._written = last
            except OSError as error:
                raise OSError(error.errno, f"{target.path}: {error.strerror}") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._working:
            if self._file is not None:
                self._file.close()

    def _at(self, target: HistoryTarget) -> LineFile:
        """Return the file of *target*, open."""
        if self._file is None or target != self._target:
            if self._file is not None:
                self._file.close()
            if self._target is None or target.path != self._target.path:
                self._written = 0
            self._file, self._target = LineFile(target.path, _HISTORY, target.size // 2 - _PIECE), target
        if not self._file.is_open:
            self._file.open()
        return self._file


def _pieces(events: Sequence[Recorded]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of *events* in pieces, each with the id of its last one."""
    piece = b""
    for event in events:
        piece += encoded(event)
        if len(piece) >= _PIECE or event is events[-1]:
            yield event.id, piece
            piece = b""
