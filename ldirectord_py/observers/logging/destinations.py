"""Where the lines of the log can go; apart from what writes them, which takes long to import."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ldirectord_py.model.config import JOURNAL_SOCKET


@dataclass(frozen=True, slots=True)
class LogFile:
    """Append to a file, opened for each burst of lines, so that rotating it needs no signal."""

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


@dataclass(frozen=True, slots=True)
class Journal:
    """Send to systemd's journal, with the fields of each line."""

    socket: Path = Path(JOURNAL_SOCKET)


Outlet = LogFile | Syslog | Stream | Journal
"""One place for lines."""


@dataclass(frozen=True, slots=True)
class FileAndJournal:
    """Both: the file for log watchers that know the original's, the journal for those who ask by its fields."""

    file: LogFile
    journal: Journal


LogDestination = Outlet | FileAndJournal


def outlets(destination: LogDestination) -> tuple[Outlet, ...]:
    """Return the places that make up *destination*."""
    return (destination.file, destination.journal) if isinstance(destination, FileAndJournal) else (destination,)


def is_journal(descriptor: int) -> bool:
    """Return whether the journal reads *descriptor*; raise `OSError` where it is closed (systemd.exec(5))."""
    if not (journal := os.environ.get("JOURNAL_STREAM")):  # its device and inode
        return False
    found = os.fstat(descriptor)
    return journal == f"{found.st_dev}:{found.st_ino}"


def journal_of(*streams: TextIO | None) -> Journal | None:
    """Return the journal if it reads one of *streams*, such as those of a unit; None: it does not."""
    for stream in streams:
        with suppress(OSError, ValueError):  # closed, or in memory
            if stream is not None and is_journal(stream.fileno()):
                return Journal()
    return None
