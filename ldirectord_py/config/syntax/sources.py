"""The files that a configuration is made of, and how they are found and read."""

import glob
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from ldirectord_py.config.grammar.directive import Unreadable
from ldirectord_py.config.syntax.files import LARGEST_FILE, content
from ldirectord_py.model.sources import Source, Sources

MOST_MATCHES = 1001
"""One more than a configuration may have files."""


def digest(text: bytes) -> bytes:
    """Return what is the same for equal contents only."""
    return hashlib.sha256(text).digest()


def matches(pattern: str) -> tuple[str, ...]:
    """Return the paths that *pattern* stands for, in order; of more than anybody has, only the first."""
    found = glob.iglob(pattern)  # noqa: PTH207  # a pattern is one text, absolute or not
    return tuple(sorted(islice(found, MOST_MATCHES)))


def beside(path: str, name: str) -> str:
    """Return the path of *name*, seen from the folder of the file *path*."""
    return os.path.join(os.path.dirname(path), name)  # noqa: PTH118, PTH120  # patterns are no paths


@dataclass(slots=True)
class SourceReader:
    """Reads files and remembers what they were."""

    variable: Callable[[str], str | None] = os.environ.get
    """Returns a variable of the environment, or None where it is not set."""
    absent: str | None = None
    """What a reference to something that is not there stands for; None: an error."""
    _files: dict[str, Source] = field(default_factory=dict)
    _patterns: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def sources(self) -> Sources:
        """What was read so far."""
        return Sources(tuple(self._files.values()), tuple(self._patterns.items()))

    def read(self, path: str, most: int = LARGEST_FILE, what: str = "configuration") -> bytes:
        """Return what is in the file *path*; raises `Unreadable`, whose sentence goes on where the path ends."""
        value = what == "value"
        self._files[path] = Source(path, value=value)
        try:
            text = content(path, most, what)
        except OSError as exc:
            raise Unreadable(f"cannot be read: {exc.strerror or exc}") from None
        self._files[path] = Source(path, digest(text), value)
        return text

    def matches(self, pattern: str) -> tuple[str, ...]:
        """Return the paths that *pattern* stands for, in order."""
        return self._patterns.setdefault(pattern, matches(pattern))
