"""How lines of the log get out: to a file, to syslog, to a stream.  No writer ever raises."""

import os
import select
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from logging.handlers import SysLogHandler
from pathlib import Path
from typing import Protocol, TextIO

from ldirectord_py.observers.appending import Appender
from ldirectord_py.observers.events.log_line import Level
from ldirectord_py.observers.logging.destinations import is_journal
from ldirectord_py.observers.logging.entry import PRIORITIES, Entry

IDENT = "ldirectord"
_AT_ONCE = select.PIPE_BUF
"""Bytes that a pipe which can be written to takes without waiting."""


class LogWriter(Protocol):
    """Writes to one destination."""

    def __call__(self, entries: Sequence[Entry], /, *, wait: bool) -> tuple[int, str]:
        """Return how many of *entries*, in order, are out as a whole, and why the others are not.

        Without *wait* nothing is waited for that a reader or a service may keep: what does not get out at once does
        not get out.
        """
        ...


class FileWriter:
    """Appends to a file."""

    def __init__(self, path: Path) -> None:
        self._append = Appender(path)

    def __call__(self, entries: Sequence[Entry], /, *, wait: bool) -> tuple[int, str]:  # noqa: ARG002  # see `Appender`
        """Append *entries*; see `LogWriter`."""
        return self._append([f"{entry.text}\n".encode() for entry in entries])


class StreamWriter:
    """Writes each line to an open stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, entries: Sequence[Entry], /, *, wait: bool) -> tuple[int, str]:
        """Write *entries*; see `LogWriter`."""
        for count, entry in enumerate(entries):
            try:
                written = _put(self._stream, entry.level, entry.text, wait=wait)
            except (OSError, ValueError) as error:  # ValueError: closed, or not encodable there
                return count, getattr(error, "strerror", None) or str(error)
            if not written:
                return count, "nobody reads it"
        return len(entries), ""


class SyslogWriter:
    """Sends a datagram for each line, as the C library's `syslog(3)` does."""

    def __init__(self, facility: str, path: Path, clock: Callable[[], float]) -> None:
        codes = SysLogHandler.facility_names
        self._facility = codes.get(facility.lower(), SysLogHandler.LOG_DAEMON) << 3
        self._address = str(path)
        self._clock = clock

    def __call__(self, entries: Sequence[Entry], /, *, wait: bool) -> tuple[int, str]:
        """Send *entries*; see `LogWriter`."""
        for count, entry in enumerate(entries):
            try:
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as outlet:
                    outlet.setblocking(wait)
                    outlet.sendto(self._datagram(entry), self._address)
            except OSError as error:
                return count, f"syslog: {error.strerror or error}"
        return len(entries), ""

    def _datagram(self, entry: Entry) -> bytes:
        stamp = time.asctime(time.localtime(self._clock()))[4:19]
        priority = self._facility | PRIORITIES[entry.level]
        return f"<{priority}>{stamp} {IDENT}[{os.getpid()}]: {entry.text}".encode()


def complain(entry: Entry) -> None:
    """Say on standard error, if there is one that takes it at once, what could not be said where it should be."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            _put(sys.stderr, entry.level, entry.bare, wait=False)


def _put(stream: TextIO, level: Level, text: str, *, wait: bool) -> bool:
    """Write a line; return whether it is out as a whole.  Raises `OSError` and `ValueError`."""
    try:
        descriptor = stream.fileno()
    except OSError:  # it is in memory
        stream.write(f"{text}\n")
        return True
    mark = f"<{PRIORITIES[level]}>" if is_journal(descriptor) else ""  # see sd-daemon(3)
    data = f"{mark}{text}\n".encode(stream.encoding, "backslashreplace")
    while data:
        if not _takes(descriptor, wait=wait):
            return False
        data = data[os.write(descriptor, data[:_AT_ONCE]) :]
    return True


def _takes(descriptor: int, *, wait: bool) -> bool:
    """Return whether *descriptor* takes something without waiting; wait for it where *wait* says so."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(None if wait else 0))
