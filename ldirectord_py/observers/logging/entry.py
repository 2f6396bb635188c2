"""A line of the log as a destination is handed it, and the formats that it can have."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ldirectord_py.observers.events.log_line import Level


class LogFormat(StrEnum):
    """How a line looks: as the original's do, or as one JSON object."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as it is written: complete for its destination, and bare for standard error if that fails."""

    level: Level
    text: str
    bare: str
    fields: Sequence[tuple[str, str]] = ()
    """For the journal alone: names and values, of which several may have the same name."""

    @property
    def size(self) -> int:
        """How many characters wait with it."""
        return len(self.text) + sum(len(value) for _, value in self.fields)


PRIORITIES = {Level.DEBUG: 7, Level.INFO: 6, Level.WARNING: 4, Level.ERROR: 3}
"""Those of syslog (RFC 5424 §6.2.1)."""
