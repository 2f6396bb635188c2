"""Which files a configuration was made of."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Source:
    """One file."""

    path: str
    digest: bytes | None = field(default=None, repr=False)
    """Of what was read; None where it could not be read.  Not shown: the file may be a short secret."""
    value: bool = field(default=False, compare=False)
    """The file is no part of the configuration's text, but holds one of its values, such as a password."""


@dataclass(frozen=True, slots=True)
class Sources:
    """All files, as they were when they were read."""

    files: tuple[Source, ...] = ()
    patterns: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What `include` asked for, and the paths that it stood for."""

    @property
    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that are the same for the same texts, wherever they lie; of no value's file."""
        digests = (source.digest or b"" for source in self.files if not source.value)
        return hashlib.sha256(b"".join(digests)).hexdigest()[:16]
