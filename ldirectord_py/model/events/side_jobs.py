"""What happened to side jobs: the operator's programs and files, and what is tried again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HookDone:
    """A program of the operator's was run, because of a directive such as `fallbackcommand`."""

    directive: str
    command: str
    failure: str
    """What went wrong; empty where nothing did."""
    seconds: float


@dataclass(frozen=True, slots=True)
class MonitorFileFailed:
    """Lines for a `monitorfile` could not be written, and are lost."""

    path: str
    lines: int
    sentence: str
    first: bool
    """The first since it could last be written."""


@dataclass(frozen=True, slots=True)
class MonitorFileBack:
    """A `monitorfile` can be written again."""

    path: str
    lost: int
    """Lines that are missing in it."""


@dataclass(frozen=True, slots=True)
class SideJobFailed:
    """A side job failed, such as watching files, and is tried again; told once until it is over."""

    job: str
    cost: str
    """What is missing meanwhile, as a clause."""
    sentence: str
    """What went wrong."""


@dataclass(frozen=True, slots=True)
class SideJobBack:
    """A job that had failed is done again."""

    job: str


@dataclass(frozen=True, slots=True)
class HistoryLost:
    """The history file could not be written for so long that events were given up; it is written again."""

    path: str
    events: int
    """How many are missing in it."""


@dataclass(frozen=True, slots=True)
class TrackFileWritten:
    """A `trackfile` says something else than before."""

    path: str
    percent: int
    """So many of its virtual services have a server."""


@dataclass(frozen=True, slots=True)
class TrackFileFailed:
    """A `trackfile` is not kept up to date; told once until it is."""

    path: str
    sentence: str
    """Why not."""


SideJobEvent = (
    HookDone
    | MonitorFileFailed
    | MonitorFileBack
    | SideJobFailed
    | SideJobBack
    | HistoryLost
    | TrackFileWritten
    | TrackFileFailed
)
