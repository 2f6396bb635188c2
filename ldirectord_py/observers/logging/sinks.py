"""Where the lines of the log go, without anybody waiting for a disk, a reader or a service."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from ldirectord_py.observers.events.log_line import Field, Level, LogLine
from ldirectord_py.observers.logging.destinations import Journal, LogFile, Outlet, Stream, Syslog
from ldirectord_py.observers.logging.entry import Entry
from ldirectord_py.observers.logging.journal import JournalWriter
from ldirectord_py.observers.logging.writers import FileWriter, LogWriter, StreamWriter, SyslogWriter, complain
from ldirectord_py.system.threads import NoThread, begin


def writer_to(destination: Outlet, clock: Callable[[], float]) -> LogWriter:
    """Return what writes to *destination*."""
    match destination:
        case LogFile(path):
            return FileWriter(path)
        case Syslog(facility, path):
            return SyslogWriter(facility, path, clock)
        case Stream(stream):
            return StreamWriter(stream)
        case Journal(path):
            return JournalWriter(path)
        case _:
            assert_never(destination)


MOST = 16 * 2**20
"""Characters of lines that may wait for a destination that takes its time; further lines are lost.

A line for each of 60,000 servers that go down at once.
"""
PATIENCE = 1.0
"""Seconds that a command, and the end of the daemon, wait for a destination that takes its time."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Lines that a destination did not take, one after the other."""

    lines: int
    since: float
    """Seconds since the epoch, as *until*."""
    until: float
    reason: str

    def followed_by(self, later: "Gap") -> "Gap":
        """Return both as one, with the reason of the *later*."""
        return Gap(self.lines + later.lines, self.since, later.until, later.reason)

    @property
    def line(self) -> LogLine:
        """What the log says of it once it can be written again."""
        since, until = (time.asctime(time.localtime(moment))[4:19] for moment in (self.since, self.until))
        text = f"{self.lines} lines of this log were lost between {since} and {until}: {self.reason}"
        fields: dict[str, Field] = {
            "lines": self.lines,
            "since": self.since,
            "until": self.until,
            "reason": self.reason,
        }
        return LogLine(Level.WARNING, "log_lines_lost", text, fields)


class Sink:
    """Takes lines for one destination, and has a thread write them.

    What is taken in one turn of the loop is written together.  Where no loop runs, as in a command, each line is waited
    for, a second at most, and the thread ends with it, so that a process that forks has none.  Where no thread can be
    had, lines are written in place, as far as the destination takes them at once.

    *told* makes an entry of the line that says how many were lost.
    """

    def __init__(self, writer: LogWriter, told: Callable[[LogLine], Entry | None], clock: Callable[[], float]) -> None:
        self.lost = 0
        """Lines that the destination has not taken; standard error may have."""
        self._writer = writer
        self._told = told
        self._clock = clock
        self._change = threading.Condition()
        """Guards everything below, and is never held while something is written."""
        self._waiting: list[Entry] = []
        self._size = 0
        self._gap: Gap | None = None
        self._thread: threading.Thread | None = None  # noqa: TID251  # not started here
        self._writing = False
        self._lingers = False
        self._stuck = False

    def __call__(self, entry: Entry) -> None:
        """Take *entry*."""
        with self._change:
            if self._size + entry.size > MOST:
                self._lose(1, "lines came faster than they were taken")
                return
            self._waiting.append(entry)
            self._size += entry.size
            if len(self._waiting) > 1:
                return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no loop runs here
            self.flush()
        else:
            self._lingers = True
            loop.call_soon(self._begin)

    def flush(self, seconds: float | None = None) -> None:
        """Wait until what was taken is written, for *seconds* at most: by default 1, and 0 after that was in vain."""
        self._begin()
        with self._change:
            usual = 0 if self._stuck else PATIENCE
            seconds = usual if seconds is None else seconds
            done = self._change.wait_for(self._idle, seconds)
            self._stuck = not done
            thread = None if self._lingers else self._thread
        if done and thread is not None:
            thread.join(seconds)

    def close(self) -> None:
        """Take no more; what was taken is still written, and nobody waits for it."""
        self._lingers = False
        self._begin()

    def _idle(self) -> bool:
        return not self._waiting and not self._writing

    def _begin(self) -> None:
        """See that what waits is written."""
        with self._change:
            if self._thread is not None and self._thread.is_alive():  # after a fork it is not
                self._change.notify_all()
                return
            self._writing = False
            if not self._waiting:
                return
            try:
                self._thread = begin(self._run, "log")
            except NoThread:
                self._thread = None
                batch = self._take()
            else:
                return
        self._write(batch, wait=False)

    def _run(self) -> None:
        while batch := self._next():
            self._write(batch, wait=True)

    def _next(self) -> Sequence[Entry]:
        """Return what is to be written next; nothing if the thread is to end."""
        with self._change:
            self._writing = self._stuck = False
            self._change.notify_all()
            while not self._waiting and self._lingers:
                self._change.wait()
            self._writing = bool(self._waiting)
            if not self._waiting:
                self._thread = None
            return self._take()

    def _take(self) -> Sequence[Entry]:
        batch, self._waiting, self._size = self._waiting, [], 0
        return batch

    def _write(self, batch: Sequence[Entry], *, wait: bool) -> None:
        with self._change:
            gap, self._gap = self._gap, None
        told = self._told(gap.line) if gap is not None else None
        entries = [told, *batch] if told is not None else batch
        written, reason = self._writer(entries, wait=wait)
        if written == len(entries):
            return
        left = entries[written:]
        with self._change:
            if gap is not None and left[0] is told:
                self._gap, left = gap, left[1:]
            self._lose(len(left), reason)
        for entry in left:
            complain(entry)

    def _lose(self, lines: int, reason: str) -> None:
        now = self._clock()
        gap = Gap(lines, now, now, reason)
        self.lost += lines
        self._gap = gap if self._gap is None else self._gap.followed_by(gap)
