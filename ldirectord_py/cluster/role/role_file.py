"""A file that holds the role: one word."""

import asyncio
import os
import stat
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path

from ldirectord_py.cluster.role.sources import Reading
from ldirectord_py.cluster.role.words import UnclearRole, role_of
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.inotify import DirectoryWatch

_LARGEST = 4096
_EVERY = 2.0
"""Seconds from one look to the next if the kernel tells nothing, as with a file system of another host."""


class RoleFile:
    """Reads the file when it changes; the kernel tells at once, and every two seconds it is read anyway."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._wake = asyncio.Event()

    async def readings(self) -> AsyncGenerator[Reading, None]:
        """See `RoleReader`."""
        watch = self._watch()
        try:
            while True:
                self._wake.clear()
                yield await in_thread(lambda: read(self._path))
                with suppress(TimeoutError):
                    async with asyncio.timeout(_EVERY):
                        await self._wake.wait()
        finally:
            if watch is not None:
                watch.close()

    def _watch(self) -> DirectoryWatch | None:
        try:
            watch = DirectoryWatch(self._wake.set)
        except OSError:
            return None
        with suppress(OSError):  # the directory may come later: it is read now and then
            watch.add(str(self._path.parent), contents=True)
        return watch


def read(path: Path) -> Reading:
    """Return what the file *path* says; one that cannot be read is unclear."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return UnclearRole(f"{path} is no regular file")
            text = file.read(_LARGEST).decode(errors="replace")
        return role_of(text)
    except OSError as error:
        return UnclearRole(f"{path}: {error.strerror or error}")
    except UnclearRole as error:
        return UnclearRole(f"{path}: {error}")
