"""Appending to files that somebody else may rotate: opened anew each time, and never waited for."""

import os
from collections.abc import Sequence
from pathlib import Path

# O_NONBLOCK changes nothing for files, and keeps a FIFO that nobody reads from stopping the writer.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK


class Appender:
    """Appends lines to the file *path*, which is opened anew each time, so that rotating it needs no signal.

    A line that was torn because the disk is full is ended before the next one, so that it spoils no other.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._torn = False

    def __call__(self, lines: Sequence[bytes]) -> tuple[int, str]:
        """Append *lines*, each with its end; return how many of them could be, and why not all, or no reason."""
        text = b"".join(lines)
        before = b"\n" if self._torn and lines else b""
        written, reason = _append(self._path, before + text)
        if written:
            self._torn = False
        whole, rest = _whole(lines, max(0, written - len(before)))
        self._torn = self._torn or rest > 0
        return whole, reason


def _whole(lines: Sequence[bytes], written: int) -> tuple[int, int]:
    """Return how many of *lines* lie within the first *written* bytes, and how many bytes of the next one."""
    for count, line in enumerate(lines):
        if written < len(line):
            return count, written
        written -= len(line)
    return len(lines), 0


def _append(path: Path, text: bytes) -> tuple[int, str]:
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
