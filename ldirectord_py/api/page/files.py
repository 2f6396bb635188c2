"""The style sheet, the modules and the icon, which browsers keep: their address has a hash of what is in them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOLDER = Path(__file__).with_name("files")


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """The page's files by their names, each with its type, and the version of them all."""

    version: str
    found: Mapping[str, tuple[str, bytes]]


def load() -> StaticFiles:
    """Read the files; together they have some 40 kB."""
    found = {
        path.name: (_TYPES[path.suffix], path.read_bytes())
        for path in sorted(_FOLDER.iterdir())
        if path.suffix in _TYPES
    }
    version = hashlib.sha256(b"".join(content for _, content in found.values())).hexdigest()[:12]
    return StaticFiles(version, found)
