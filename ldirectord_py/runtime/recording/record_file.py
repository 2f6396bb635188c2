"""The file of a recording: bounded, for nobody else to read, and whole to its last line."""

import errno
import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path

LIMIT = 64 * 2**20
"""Bytes after which the file is renamed to FILE.1, in place of the one before, and begun anew."""
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_BEGINS = b'{"recording":'
_BLOCK = 65536


class RecordFile:
    """Is open from `open` until something fails; each method may raise `OSError`, and then it is closed."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self.path = path
        self._limit = limit
        self._descriptor: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether lines can be appended."""
        return self._descriptor is not None

    def open(self) -> None:
        """Open the file to go on behind what is there; a full one is put aside before."""
        self.close()
        descriptor = _opened(self.path)
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
        in_thread = self.path.with_name(f"{self.path.name}.1")
        with suppress(FileNotFoundError):
            in_thread.lstat()
            os.close(_opened(in_thread))  # so that nothing else is replaced
        self.path.rename(in_thread)
        return _opened(self.path)


def _opened(path: Path) -> int:
    """Return a recording that is open to be appended to, or an empty file; raise `OSError` for everything else."""
    try:
        descriptor = os.open(path, _FLAGS, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a symbolic link, which is not followed") from error
        raise
    try:
        _examine(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _examine(descriptor: int) -> None:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in {0, os.geteuid()}:
        raise OSError(errno.EINVAL, "it is no regular file of ours")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OSError(errno.EBUSY, "another process records there") from error
    if not found.st_size:
        return
    if os.pread(descriptor, len(_BEGINS), 0) != _BEGINS:
        raise OSError(errno.EEXIST, "it is no recording, and stays as it is")
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
