"""A file of lines that we append to: bounded, for nobody else to read, and whole to its last line."""

import errno
import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_BLOCK = 65536


class Contents(NamedTuple):
    """What is in such a file: by that it is known, and any other file is left as it is."""

    name: str
    """In sentences: it is no NAME."""
    begins: bytes
    """How its first line begins."""


class LineFile:
    """Is open from `open` until something fails; each method may raise `OSError`, and then it is closed.

    One that has reached *limit* bytes is renamed to FILE.1, in place of the one before, and begun anew.
    """

    def __init__(self, path: Path, contents: Contents, limit: int) -> None:
        self.path = path
        self._contents = contents
        self._limit = limit
        self._descriptor: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether lines can be appended."""
        return self._descriptor is not None

    def open(self) -> None:
        """Open the file to go on behind what is there; a full one is put aside before."""
        self.close()
        descriptor = opened(self.path, self._contents)
        try:
            if os.fstat(descriptor).st_size >= self._limit:
                fresh = self._put_aside()
                os.close(descriptor)
                descriptor = fresh
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def append(self, text: bytes) -> None:
        """Append *text*, whole lines, or nothing of it."""
        descriptor = self._descriptor
        if descriptor is None:
            raise OSError(errno.EBADF, "it is not open")
        before = os.fstat(descriptor).st_size
        try:
            rest = memoryview(text)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, before)
            self.close()
            raise

    def tail(self, most: int) -> bytes:
        """Return the last whole lines, *most* bytes at most; those of the full file before it too, if there is room."""
        if self._descriptor is None:
            return b""
        text = _tail(self._descriptor, most)
        with suppress(OSError):
            descriptor = opened(previous(self.path), self._contents, make=False)
            try:
                text = _tail(descriptor, most - len(text)) + text
            finally:
                os.close(descriptor)
        return text

    @property
    def is_over(self) -> bool:
        """Whether a new file is to be begun: this one is full, or somebody has moved or removed it."""
        if self._descriptor is None:
            return False
        ours = os.fstat(self._descriptor)
        try:
            there = self.path.lstat()
        except OSError:
            return True
        return ours.st_size >= self._limit or (ours.st_dev, ours.st_ino) != (there.st_dev, there.st_ino)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _put_aside(self) -> int:
        """Rename the file, and return a new one in its place."""
        aside = previous(self.path)
        with suppress(FileNotFoundError):
            aside.lstat()
            os.close(opened(aside, self._contents))  # so that nothing else is replaced
        self.path.rename(aside)
        return opened(self.path, self._contents)


def previous(path: Path) -> Path:
    """Return where the file is that was full before *path* was begun."""
    return path.with_name(f"{path.name}.1")


def opened(path: Path, contents: Contents, *, make: bool = True) -> int:
    """Return a file of *contents* that is open to be appended to, or an empty one; raise `OSError` for any other.

    Where there is none, one is made if *make* says so.
    """
    try:
        descriptor = os.open(path, _FLAGS if make else _FLAGS & ~os.O_CREAT, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a symbolic link, which is not followed") from error
        raise
    try:
        _examine(descriptor, contents)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _examine(descriptor: int, contents: Contents) -> None:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in {0, os.geteuid()}:
        raise OSError(errno.EINVAL, "it is no regular file of ours")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OSError(errno.EBUSY, "another process writes there") from error
    if not found.st_size:
        return
    if os.pread(descriptor, len(contents.begins), 0) != contents.begins:
        raise OSError(errno.EEXIST, f"it is no {contents.name}, and stays as it is")
    os.ftruncate(descriptor, _whole(descriptor, found.st_size))


def _whole(descriptor: int, size: int) -> int:
    """Return the length of the file without a last line that was cut short, as when the machine lost its power."""
    while size:
        begin = max(0, size - _BLOCK)
        end = os.pread(descriptor, size - begin, begin).rfind(b"\n")
        if end >= 0:
            return begin + end + 1
        size = begin
    return 0


def _tail(descriptor: int, most: int) -> bytes:
    """Return the last whole lines of a file, *most* bytes at most."""
    size = os.fstat(descriptor).st_size
    begin = max(0, size - most)
    text = b""
    while begin + len(text) < size and (block := os.pread(descriptor, size - begin - len(text), begin + len(text))):
        text += block
    # Where the first line begins earlier, it is left out; if a line ends right before, too much by one.
    return text.partition(b"\n")[2] if begin else text
