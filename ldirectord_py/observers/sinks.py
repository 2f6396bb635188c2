"""Where the lines of the log go; no sink ever raises."""

import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from logging.handlers import SysLogHandler
from pathlib import Path
from typing import TextIO, assert_never

Sink = Callable[[str, str], None]
"""Takes a line complete for its destination, and the bare text for standard error where that fails."""

IDENT = "ldirectord"
_NEVER_WAIT = False


@dataclass(frozen=True, slots=True)
class LogFile:
    """Append to a file, opened for each line, so that rotating it needs no signal."""

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
            return lambda line, bare: _append(path, line, bare)
        case Syslog():
            return _syslog(destination, clock)
        case Stream(stream):
            return lambda line, bare: _write(stream, line, bare)
        case _:
            assert_never(destination)


def _append(path: Path, line: str, bare: str) -> None:
    # O_NONBLOCK changes nothing for files, and keeps a FIFO that nobody reads from stopping the director.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o666)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)
    except OSError:
        _complain(bare)


def _write(stream: TextIO, line: str, bare: str) -> None:
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except (OSError, ValueError):  # ValueError: closed, or not encodable there
        if stream is not sys.stderr:
            _complain(bare)


def _complain(bare: str) -> None:
    """Say on standard error, if there is one, what could not be said where it should be."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{bare}\n")
            sys.stderr.flush()


def _syslog(destination: Syslog, clock: Callable[[], float]) -> Sink:
    """Return what sends datagrams as the C library's `syslog(3)` does, but never waits."""
    codes = SysLogHandler.facility_names
    facility = codes.get(destination.facility.lower(), SysLogHandler.LOG_DAEMON)
    priority = facility << 3 | SysLogHandler.LOG_INFO
    address = str(destination.socket)

    def send(line: str, bare: str) -> None:
        stamp = time.asctime(time.localtime(clock()))[4:19]
        datagram = f"<{priority}>{stamp} {IDENT}[{os.getpid()}]: {line}".encode()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as outlet:
                outlet.setblocking(_NEVER_WAIT)
                outlet.sendto(datagram, address)
        except OSError:
            _complain(bare)

    return send
