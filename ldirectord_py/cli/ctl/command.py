"""What a command of `ldirectorctl` is, and what it may end with."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class Status(IntEnum):
    """How a command ends, in every one of them."""

    FINE = 0
    ERROR = 1
    """It could not be done, or the command line means nothing."""
    FOUND = 2
    """It was done, and found what it looks for: problems, or differences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One row of the table of commands."""

    name: str
    summary: str
    """A clause for the list of commands, such as `write a configuration in the other syntax`."""
    description: str
    """One or more paragraphs for the command's own help."""
    arguments: Callable[[ArgumentParser], None]
    """Adds the command's arguments."""
    run: Callable[[Namespace], Status]
    """Does it.  `DirectorError` and `OSError` are told on standard error and end in `Status.ERROR`."""
