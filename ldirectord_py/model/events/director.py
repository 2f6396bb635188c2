"""What happened to the director itself: start, reload and stop."""

from dataclasses import dataclass

from ldirectord_py.model.problems import Problem


@dataclass(frozen=True, slots=True)
class Started:
    """The director runs."""

    virtuals: int
    reals: int


@dataclass(frozen=True, slots=True)
class FirstPassComplete:
    """Every real server that is checked has been checked once."""

    seconds: float


@dataclass(frozen=True, slots=True)
class InitialChecksDone:
    """All that a start or a reload brought has been asked once, and the table follows."""


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    """The configuration file's content has changed on disk."""

    path: str
    reread: bool
    """Whether `autoreload` takes it up."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A new configuration is in force."""

    path: str
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ReloadRefused:
    """A new configuration was refused; everything stays as it was."""

    path: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Stopping:
    """The director ends in order."""

    signal: str


DirectorEvent = Started | FirstPassComplete | InitialChecksDone | ConfigChanged | Reloaded | ReloadRefused | Stopping
