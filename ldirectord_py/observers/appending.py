"""Appending to files that somebody else may rotate: opened anew each time, and never waited for."""

import os
from pathlib import Path

# O_NONBLOCK changes nothing for files, and keeps a FIFO that nobody reads from stopping whoever writes.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK


def append(path: Path, text: bytes) -> tuple[int, str]:
    """Append *text* to *path*; return how many bytes of it could be, and why not all; no reason where all could."""
    written = 0
    try:
        descriptor = os.open(path, _FLAGS, 0o666)
        try:
            while written < len(text):
                written += os.write(descriptor, text[written:])
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a NUL character
        return written, getattr(error, "strerror", None) or str(error)
    return written, ""
