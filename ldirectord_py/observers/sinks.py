"""Where the lines of the log go; no sink ever raises."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from logging.handlers import SysLogHandler
from pathlib import Path
from typing import Protocol, TextIO, assert_never

from ldirectord_py.observers.appending import append
from ldirectord_py.observers.line import Entry, Level


class Sink(Protocol):
    """One destination, opened."""

    def __call__(self, entry: Entry, /) -> None:
        """Take *entry*."""
        ...

    def flush(self) -> None:
        """Write now what has been taken and waits."""
        ...


IDENT = "ldirectord"
_NEVER_WAIT = False
_BURST = 1000  # lines; more than these are not kept back


@dataclass(frozen=True, slots=True)
class LogFile:
    """Append to a file, opened for each line or burst of lines, so that rotating it needs no signal."""

    path: Path


@dataclass(frozen=True, slots=True)
class Syslog:
    """Send to the local syslog, under a facility such as `local3` (one that is unknown: `daemon`)."""

    facility: str
    socket: Path = Path("/dev/log")


@dataclass(frozen=True, slots=True)
class Stream:
    """Write to an open stream: standard error while debugging, standard output under a supervisor."""

    stream: TextIO


LogDestination = LogFile | Syslog | Stream


def open_sink(destination: LogDestination, clock: Callable[[], float]) -> Sink:
    """Return what writes to *destination*."""
    match destination:
        case LogFile(path):
            return _FileSink(path)
        case Syslog():
            return _SyslogSink(destination, clock)
        case Stream(stream):
            return _StreamSink(stream)
        case _:
            assert_never(destination)


class _FileSink:
    """Appends the lines of one turn of the loop at its end, in one go; where no loop runs, each at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[tuple[bytes, str]] = []

    def __call__(self, entry: Entry, /) -> None:
        self._lines.append((f"{entry.text}\n".encode(), entry.bare))
        if len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_soon(self.flush)
            except RuntimeError:  # no loop runs here
                self.flush()
        elif len(self._lines) >= _BURST:
            self.flush()

    def flush(self) -> None:
        taken, self._lines = self._lines, []
        if not taken:
            return
        written, _ = append(self._path, b"".join(line for line, _ in taken))
        for line, bare in taken:
            written -= len(line)
            if written < 0:
                _complain(bare)


class _StreamSink:
    """Writes each line at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, entry: Entry, /) -> None:
        try:
            self._stream.write(f"{entry.text}\n")
            self._stream.flush()
        except (OSError, ValueError):  # ValueError: closed, or not encodable there
            if self._stream is not sys.stderr:
                _complain(entry.bare)

    def flush(self) -> None:
        pass


def _complain(bare: str) -> None:
    """Say on standard error, if there is one, what could not be said where it should be."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{bare}\n")
            sys.stderr.flush()


_PRIORITIES = {
    Level.DEBUG: SysLogHandler.LOG_DEBUG,
    Level.INFO: SysLogHandler.LOG_INFO,
    Level.WARNING: SysLogHandler.LOG_WARNING,
    Level.ERROR: SysLogHandler.LOG_ERR,
}


class _SyslogSink:
    """Sends a datagram for each line at once, as the C library's `syslog(3)` does, but never waits."""

    def __init__(self, destination: Syslog, clock: Callable[[], float]) -> None:
        codes = SysLogHandler.facility_names
        self._facility = codes.get(destination.facility.lower(), SysLogHandler.LOG_DAEMON) << 3
        self._address = str(destination.socket)
        self._clock = clock

    def __call__(self, entry: Entry, /) -> None:
        stamp = time.asctime(time.localtime(self._clock()))[4:19]
        priority = self._facility | _PRIORITIES[entry.level]
        datagram = f"<{priority}>{stamp} {IDENT}[{os.getpid()}]: {entry.text}".encode()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as outlet:
                outlet.setblocking(_NEVER_WAIT)
                outlet.sendto(datagram, self._address)
        except OSError:
            _complain(entry.bare)

    def flush(self) -> None:
        pass
