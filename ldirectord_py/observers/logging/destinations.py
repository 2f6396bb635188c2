"""Where the lines of the log can go; apart from what writes them, which takes long to import."""

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


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


LogDestination = LogFile | Syslog | Stream
