"""Which files a configuration was made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Source:
    """One file."""

    path: str
    digest: bytes | None = field(default=None, repr=False)
    """Of what was read; None where it could not be read.  Not shown: the file may be a short secret."""


@dataclass(frozen=True, slots=True)
class Sources:
    """All files, as they were when they were read."""

    files: tuple[Source, ...] = ()
    patterns: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What `include` asked for, and the paths that it stood for."""
