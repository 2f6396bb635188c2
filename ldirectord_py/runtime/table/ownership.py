"""Which instance keeps which virtual service: locks on one file in the run directory, a byte for each service.

A record lock is taken or refused in one step, names its holder, and dies with it: nothing is left behind that could be
stale, and two instances that start at once cannot both have a service.
"""

import asyncio
import errno
import fcntl
import hashlib
import os
import struct
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from ldirectord_py.model.problems import Problem
from ldirectord_py.model.service import VirtualKey

FILE = "ldirectord.virtuals"
_FLOCK = struct.Struct("@hhqqi0q")  # struct flock of fcntl(2): type, whence, start, length, pid
_SLICE = 64  # locks taken in one turn of the loop


class Ownership:
    """The services of this process in one network namespace; closing its file, as the end does, lets go of all."""

    def __init__(self, path: Path, namespace: int, own: Path | None = None) -> None:
        """Open *path*, which is made if need be; *own* is our pid file.  Raises `OSError`."""
        self._own = own and own.resolve()
        self._folder = path.parent
        self._namespace = namespace
        self._held: set[VirtualKey] = set()
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            self._file = os.open(path, flags)
        except FileNotFoundError:
            self._file = os.open(path, flags | os.O_CREAT, 0o600)

    async def claim(self, virtuals: Iterable[VirtualKey], path: str) -> tuple[Problem, ...]:
        """Take *virtuals*, all of them or none; return a problem of the file *path* for each that another has."""
        taken: list[VirtualKey] = []
        problems: list[Problem] = []
        for count, virtual in enumerate(set(virtuals) - self._held, 1):
            if self._lock(virtual, fcntl.F_WRLCK):
                taken.append(virtual)
            else:
                sentence = f"{virtual} is kept by another ldirectord, {self._holder(virtual)}"
                problems.append(Problem(path, 0, f"{sentence}: take it out of one of the two configurations"))
            if count % _SLICE == 0:
                await asyncio.sleep(0)
        if problems:
            for virtual in taken:
                self._lock(virtual, fcntl.F_UNLCK)
        else:
            self._held.update(taken)
        return tuple(sorted(problems, key=str))

    def keep(self, virtuals: Collection[VirtualKey]) -> None:
        """Let go of all but *virtuals*."""
        for virtual in self._held - set(virtuals):
            self._lock(virtual, fcntl.F_UNLCK)
            self._held.discard(virtual)

    def close(self) -> None:
        """Let go of everything."""
        os.close(self._file)

    def _lock(self, virtual: VirtualKey, kind: int) -> bool:
        try:
            fcntl.fcntl(self._file, fcntl.F_SETLK, _FLOCK.pack(kind, os.SEEK_SET, self._byte(virtual), 1, 0))
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EAGAIN}:
                return False
            raise
        return True

    def _holder(self, virtual: VirtualKey) -> str:
        question = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, self._byte(virtual), 1, 0)
        kind, _, _, _, pid = _FLOCK.unpack(fcntl.fcntl(self._file, fcntl.F_GETLK, question))
        if kind == fcntl.F_UNLCK or pid <= 0:
            return "which cannot be seen from here"
        return f"pid {pid}{self._instance(pid)}"

    def _instance(self, pid: int) -> str:
        """Return the name of the instance whose pid file says *pid*, which is never our own.

        Another process's pid file may be opened; ours would lose its lock when it is closed.
        """
        places = ("ldirectord.*.pid", "ldirectord/ldirectord.*.pid", "ldirectord@*/ldirectord.*.pid")  # and the units'
        for path in (found for place in places for found in sorted(self._folder.glob(place))):
            if path.resolve() != self._own and _noted(path) == pid:
                return f" (instance {path.name.removeprefix('ldirectord.').removesuffix('.pid')})"
        return ""

    def _byte(self, virtual: VirtualKey) -> int:
        """Return the byte that stands for *virtual* in this network namespace, whose table is its own."""
        name = f"{self._namespace} {virtual}".encode()
        return int.from_bytes(hashlib.sha256(name).digest()[:8]) >> 2


def _noted(path: Path) -> int | None:
    """Return the pid in a pid file; None where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return int(os.read(descriptor, 32))
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)


def open_ownership(path: Path, namespace: int, own: Path | None, warn: Callable[[str], None]) -> Ownership | None:
    """Return the ownership of the file *path*, see `Ownership`; None where there can be none, which is warned of."""
    try:
        return Ownership(path, namespace, own)
    except OSError as error:
        warn(f"Nothing keeps another instance from the same virtual services: {path}: {error.strerror}")
        return None
