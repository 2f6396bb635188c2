"""A named pipe to which roles are written, a line each, as keepalived's `notify_fifo` does."""

import asyncio
import os
import stat
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

from ldirectord_py.cluster.role.sources import Reading
from ldirectord_py.cluster.role.words import UnclearRole, role_of

_PIECE = 4096
_LONGEST = 4096
"""Bytes of a line that are kept."""


class RoleFifo:
    """Reads what comes; the pipe is made if there is none, for its owner alone."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._rest = b""

    async def readings(self) -> AsyncGenerator[Reading, None]:
        """See `Source`."""
        descriptor = self._open()
        loop = asyncio.get_running_loop()
        news = asyncio.Event()
        try:
            loop.add_reader(descriptor, news.set)
            while True:
                await news.wait()
                news.clear()
                for line in self._lines(descriptor):
                    yield self._reading(line)
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def _open(self) -> int:
        """Return a descriptor that stays open while writers come and go: it could write as well, see fifo(7)."""
        if not self._path.exists():
            os.mkfifo(self._path, 0o600)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise FileExistsError(0, "it is no named pipe", str(self._path))
        return descriptor

    def _lines(self, descriptor: int) -> Iterator[bytes]:
        while True:
            try:
                piece = os.read(descriptor, _PIECE)
            except BlockingIOError:
                return
            *lines, rest = (self._rest + piece).split(b"\n")
            self._rest = rest[:_LONGEST]
            yield from (line for line in lines if line.strip())

    def _reading(self, line: bytes) -> Reading:
        try:
            return role_of(line.decode(errors="replace"))
        except UnclearRole as error:
            return UnclearRole(f"{self._path}: {error}")
