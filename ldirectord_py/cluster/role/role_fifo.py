"""A named pipe to which roles are written, a line each, as keepalived's `notify_fifo` does."""

import asyncio
import fcntl
import os
import stat
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ldirectord_py.cluster.role.sources import Reading
from ldirectord_py.cluster.role.words import UnclearRole, role_of
from ldirectord_py.model.cluster.role import Role

_PIECE = 16 * 1024
_LONGEST = 4096
"""Bytes of a line that are kept."""
_MOST = 256
"""Lines of a piece that are looked at, the last ones."""
_REST = 0.1
"""Seconds from one piece to the next, at least, so that a writer that never stops takes no time from checks."""
_LOOKED_EVERY = 2.0
"""Seconds after which another pipe at the same path is noticed: keepalived removes its own when it ends."""


class RoleFifo:
    """Reads what comes; the pipe is made if there is none, for its owner alone."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._rest = b""

    async def readings(self) -> AsyncGenerator[Reading, None]:
        """See `RoleReader`; of words that come together the last one counts."""
        while True:
            descriptor = self._open()
            news = asyncio.Event()
            try:
                asyncio.get_running_loop().add_reader(descriptor, news.set)
                while await self._comes(descriptor, news):
                    for reading in self._last(self._lines(descriptor)):
                        yield reading
                    await asyncio.sleep(_REST)
                    news.clear()
            finally:
                asyncio.get_running_loop().remove_reader(descriptor)
                os.close(descriptor)

    def _open(self) -> int:
        """Return a descriptor that stays open while writers come and go: it could write as well, see fifo(7)."""
        try:
            with suppress(FileExistsError):
                os.mkfifo(self._path, 0o600)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError as error:
            raise OSError(error.errno, f"{self._path}: {error.strerror}") from error
        try:
            self._claim(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def _claim(self, descriptor: int) -> None:
        """Be the only one that reads the pipe: of two each would get some of the words."""
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            raise FileExistsError(0, f"{self._path} is no named pipe")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError(error.errno, f"another process reads {self._path} already") from error

    async def _comes(self, descriptor: int, news: asyncio.Event) -> bool:
        """Wait until there is something to read; False: the pipe is not at its path any more."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOKED_EVERY):
                    await news.wait()
                return True
            if not self._is_there(descriptor):
                return news.is_set()

    def _is_there(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(self._path.lstat(), os.fstat(descriptor))
        except OSError:
            return False

    def _lines(self, descriptor: int) -> Sequence[bytes]:
        """Return the lines of the next piece."""
        try:
            piece = os.read(descriptor, _PIECE)
        except BlockingIOError:
            return ()
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = rest[:_LONGEST]
        return [line for line in lines if line.strip()]

    def _last(self, lines: Sequence[bytes]) -> Iterator[Reading]:
        """Yield the last role that *lines* say, and what comes after it without being one, if anything does."""
        unclear: UnclearRole | None = None
        for line in reversed(lines[-_MOST:]):
            reading = self._reading(line)
            if isinstance(reading, Role):
                yield reading
                break
            unclear = unclear or reading
        if unclear is not None:
            yield unclear

    def _reading(self, line: bytes) -> Reading:
        try:
            return role_of(line.decode(errors="replace"))
        except UnclearRole as error:
            return UnclearRole(f"{self._path}: {error}")
