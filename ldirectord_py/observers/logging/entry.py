"""A line of the log as a destination is handed it, and the formats that it can have."""

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
