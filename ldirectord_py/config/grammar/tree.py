"""The raw tree that every syntax is read into: directives and virtuals with their places, and nothing understood yet.

A configuration may have several files.  So that a place is one number wherever it is handed on, the lines of all files
are counted through, in the order in which the files are read; `SourceMap` knows which file and line a number means.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ldirectord_py.config.grammar.directive import shown

MOST_LINES = 500_000
"""Of one file."""


@dataclass(frozen=True, slots=True)
class Line:
    """One directive."""

    number: int
    name: str
    value: str | None
    """The raw text behind `=`; None where there is none."""
    text: str
    """The line as it stands in the file."""
    strict: bool = False
    """A value that is read as something else than it seems to be is an error, where it would only be a warning."""
    redacted: bool = False
    """The value comes from elsewhere (a file, the environment) and is shown in no message."""
    meant: object = None
    """The value itself, where it has no text that could be read."""


Checks = tuple[tuple[Line, ...], ...]
"""What each of several checks says of its own."""


@dataclass(frozen=True, slots=True)
class Section:
    """One virtual: its opening line and its directives."""

    opening: Line
    lines: tuple[Line, ...]
    end: int
    """Where messages on the section as a whole go."""
    lost: bool = False
    """Its opening is the last line of a `ldirectord.cf`, which the original reads twice."""

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.opening.name}={shown((self.opening.value or '').strip())}"

    def with_defaults(self, defaults: Sequence[Line]) -> "Section":
        """Return the section with what *defaults* say and it does not."""
        if not defaults:
            return self
        # Of the fallbacks only the one of its own address family can be meant.
        said = {line.name for line in self.lines} | {"fallback" if self.opening.name == "virtual6" else "fallback6"}
        return replace(self, lines=(*(line for line in defaults if line.name not in said), *self.lines))


@dataclass(frozen=True, slots=True)
class Tree:
    """What one file says, or all files of a configuration together."""

    path: str
    lines: tuple[Line, ...] = ()
    """The global directives."""
    sections: tuple[Section, ...] = ()
    problems: tuple[tuple[int, str], ...] = ()
    """What is no directive at all: line numbers and sentences."""
    defaults: tuple[Line, ...] = ()
    """What every section says that does not say otherwise."""
    notes: tuple[tuple[int, str], ...] = ()
    """What is no error and probably not meant: line numbers and sentences."""


@dataclass(slots=True)
class SourceMap:
    """Which file and which line a number stands for."""

    main: str
    """The path of the configuration itself, whose lines keep their numbers."""
    _firsts: list[int] = field(default_factory=lambda: [0])
    _paths: list[str] = field(default_factory=list)
    _end: int = 0

    def __post_init__(self) -> None:
        self._paths.append(self.main)

    def add(self, path: str, lines: int) -> int:
        """Take in a file of so many lines, first of all the main one; return the number that stands for its line 0."""
        start = self._end
        if start:
            self._firsts.append(start)
            self._paths.append(path)
        self._end = start + lines + 1
        return start

    @property
    def paths(self) -> Sequence[str]:
        """The files, in the order in which they were read."""
        return self._paths

    def place(self, number: int) -> tuple[str, int]:
        """Return path and line of *number*; line 0 stands for the file as a whole."""
        at = bisect_right(self._firsts, number) - 1
        return self._paths[at], number - self._firsts[at]

    def told(self, number: int, beside: int) -> str:
        """Return `line N`, with the file's path where *beside* is of another file."""
        path, line = self.place(number)
        return f"line {line}" if path == self.place(beside)[0] else f"line {line} of {path}"
