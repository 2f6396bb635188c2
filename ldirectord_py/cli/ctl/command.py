"""What a command of `ldirectorctl` is, and what it may end with."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class ExitStatus(IntEnum):
    """How a command ends, in every one of them."""

    FINE = 0
    ERROR = 1
    """It could not be done, or the command line means nothing."""
    FOUND = 2
    """It was done, and found what it looks for: problems, differences, or a server that is out."""
    TIMEOUT = 124
    """What it was to wait for has not happened in time; timeout(1) ends so, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subcommand:
    """What a command is called with, and does."""

    description: str
    """One or more paragraphs for the command's own help."""
    arguments: Callable[[ArgumentParser], None]
    """Adds the command's arguments."""
    intermixed: bool = False
    """Whether options may stand between its arguments, which argparse refuses after one that may be missing."""
    run: Callable[[Namespace], ExitStatus]
    """Does it.  `DirectorError` and `OSError` are told on standard error and end in `ExitStatus.ERROR`."""


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """One row of the table of commands."""

    name: str
    summary: str
    """A clause for the list of commands, such as `write a configuration in the other syntax`; empty: not listed."""
    load: Callable[[], Subcommand]
    """Imports the command."""
