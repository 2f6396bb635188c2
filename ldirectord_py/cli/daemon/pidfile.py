"""Pid files: which process runs an instance, told by a lock that dies with its holder.

A user who may write to the folder of a pid file could put something else there: a FIFO to hang us, a link to make root
overwrite a file, or a file that names another's process.  Hence only a regular file with one name counts, opened
without following a link and without waiting, and only a process of the file's owner is taken for its daemon.
"""

import fcntl
import os
import re
import signal
import stat
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from ldirectord_py.cli.daemon.processes import DaemonProcess, Process
from ldirectord_py.cli.daemon.served import serving
from ldirectord_py.model.errors import DirectorError

# struct flock of fcntl(2): type, whence, start, length, pid; the last item pads it as the compiler does
_FLOCK = struct.Struct("@hhqqi0q")
_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITTEN_WITHIN, _LOOKED_AGAIN = 0.5, 0.01
"""Seconds that a file which is locked may take to name its holder, and between two looks at it."""
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a directory",
}


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon runs, under the pid file *path*."""

    pid: int
    path: Path
    flaw: str = field(default="", compare=False)
    """What has become of the pid file, which does not name it; nothing: it does."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """No daemon runs; it may have left its pid file *stale*, having had no chance to remove it."""

    stale: Path | None = None


class AlreadyRunning(DirectorError):
    """Another daemon holds the pid file."""


def standing(*paths: Path) -> Running | Stopped:
    """Say whether a daemon runs under one of the pid files *paths*.

    Ours holds a lock on the file, and the kernel names the holder, whatever the file says: a pid
    that meanwhile belongs to `vi ldirectord.cf` fools nobody.  A file without a lock can still be
    that of the original, from which people switch over; that one is told by its command line.
    Where the file was removed, the process that serves the control socket is the daemon (see `served`).

    Raises `DirectorError` if none runs as far as can be seen, but something else stands in a file's place.
    """
    stale: Path | None = None
    trouble: DirectorError | None = None
    for path in paths:
        try:
            found = _look(path)
        except DirectorError as error:
            trouble = trouble or error
            continue
        if isinstance(found, Running):
            return found
        stale = stale or found.stale
    if trouble is not None:
        raise trouble
    return Stopped(stale)


def _look(path: Path) -> Running | Stopped:
    try:
        with closing(_opened(path, os.O_RDONLY)) as file:
            holder = _lock_holder(file.fileno())
            noted = _leading_number(file.read(64))
            owner = os.fstat(file.fileno()).st_uid
    except FileNotFoundError:
        return _without_file(path) or Stopped()
    except OSError as error:
        raise DirectorError(f"Can not open {path}: {error.strerror}") from error
    if holder is not None:
        # 0 or less: the holder lives in another pid namespace, and only the file can name it
        pid = holder if holder > 0 else noted or 0
        if Process(pid).owner not in {owner, None}:
            raise DirectorError(
                f"{path} belongs to uid {owner}, but pid {pid}, which has locked it, runs as another user:"
                " that is not ldirectord; find out who made the file, and remove it"
            )
        named = noted == pid or _comes_to_name(path, pid)
        return Running(pid, path, "" if named else f"its pid file {path} does not name it")
    if noted and Process(noted).is_original and Process(noted).owner == owner:
        return Running(noted, path)
    return _without_file(path) or Stopped(path if noted is not None else None)


def _comes_to_name(path: Path, pid: int) -> bool:
    """Return whether the file names *pid* in a moment: a daemon that starts locks its pid file, and then writes it."""
    until = time.monotonic() + _WRITTEN_WITHIN
    while time.monotonic() < until:
        time.sleep(_LOOKED_AGAIN)  # noqa: TID251  # the file is written by another process: there is no event
        with suppress(OSError), closing(_opened(path, os.O_RDONLY)) as file:
            if _leading_number(file.read(64)) == pid:
                return True
    return False


def _without_file(path: Path) -> Running | None:
    """Return the daemon whose pid file *path* was, and is gone, although the daemon runs."""
    pid = serving(path)
    if pid is None or pid == os.getpid():
        return None
    return Running(pid, path, f"its pid file {path} {'is not its own any more' if path.exists() else 'is gone'}")


class PidFile:
    """The pid file that we hold, as long as we run."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self._path = path
        self._file = file
        self._write()

    def mend(self) -> str:
        """Put the file back if it was removed, and our pid into it if there was no room; say so if that was needed.

        Another's file in its place stays as it is.
        """
        try:
            found = self._path.lstat()
        except FileNotFoundError:
            return f"The pid file {self._path} was gone; it is there again" if self._make() else ""
        except OSError:
            return ""
        if not os.path.samestat(found, os.fstat(self._file.fileno())) or found.st_size or not self._write():
            return ""
        return f"The pid file {self._path} was empty; it has the pid again"

    def close(self) -> None:
        """Remove the file, unless somebody has, and another daemon has made its own; let go of the lock."""
        with closing(self._file):
            if _is_at(self._file, self._path):
                self._path.unlink()

    def _write(self) -> bool:
        try:
            self._file.truncate(0)
            self._file.seek(0)
            self._file.write(b"%d\n" % os.getpid())
        except OSError:
            return False  # the disk is full; the lock names us all the same
        return True

    def _make(self) -> bool:
        try:
            file = _opened(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        except (OSError, DirectorError):
            return False
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()  # another is about to start; it will find us by the control socket
            return False
        self._file, before = file, self._file
        before.close()
        self._write()
        return True


@contextmanager
def held(path: Path, *others: Path) -> Iterator[PidFile]:
    """Hold the pid file *path*, with our pid in it, as long as the context lasts; then remove it.

    A record lock belongs to the process that takes it, so this has to happen after the last fork;
    nothing else in the process may open and close the file.
    Raises `AlreadyRunning`, also where a daemon runs under one of the pid files *others*, or has lost its own.
    """
    file = _locked(path)
    try:
        _be_alone(path, [other for other in others if other != path])
    except BaseException:
        with closing(file):
            if _is_at(file, path):
                path.unlink()
        raise
    with closing(PidFile(path, file)) as pid_file:
        yield pid_file


def _be_alone(path: Path, others: Sequence[Path]) -> None:
    """Raise `AlreadyRunning` if another daemon runs, with or without its file; *path* is ours.

    It is not opened again: closing it would give up the lock.
    """
    other = _without_file(path) or standing(*others)
    if isinstance(other, Running):
        raise AlreadyRunning(f"another ldirectord holds {other.path}")


def permitted(running: Running) -> None:
    """Raise `DirectorError` if we may not signal the daemon that runs."""
    with closing(_target(running)) as target:
        target.send(0)


def send(running: Running, number: signal.Signals) -> None:
    """Send a signal to the daemon that runs; raise `DirectorError` where that is not possible."""
    with closing(_target(running)) as target:
        target.send(number)


def end(running: Running, seconds: float, number: signal.Signals = signal.SIGTERM) -> bool:
    """Send *number*, which asks for the end, to the daemon that runs; return whether it was gone within *seconds*."""
    with closing(_target(running)) as target:
        target.send(number)
        return target.wait(seconds)


def _target(running: Running) -> DaemonProcess:
    if running.pid <= 0:
        raise DirectorError(
            f"{running.path} is held by a process that cannot be seen from here, perhaps in another container"
        )
    target = DaemonProcess(running.pid, lambda: standing(running.path) == running)
    if not (Process(running.pid).is_ldirectord or target.wait(0)):
        target.close()
        raise DirectorError(
            f"{running.path} is locked by pid {running.pid}, which does not look like ldirectord: it was not signalled"
        )
    return target


def _opened(path: Path, flags: int) -> FileIO:
    """Open the regular file *path*, which may not have another name; raise `DirectorError` for anything else."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
    else:
        _check(path, found)
    file = FileIO(os.open(path, flags | _FLAGS, 0o644), "r+" if flags & os.O_RDWR else "r")
    try:
        _check(path, os.fstat(file.fileno()))
    except DirectorError:
        file.close()
        raise
    return file


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "a device")
        raise DirectorError(f"{path} is {kind}, and no pid file: find out who made it, and remove it")
    if found.st_nlink > 1:
        raise DirectorError(f"{path} has another name, a hard link: find out who made it, and remove it")


def _locked(path: Path) -> FileIO:
    while True:
        try:
            file = _opened(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            hint = "start as root, or set LDIRECTORD_RUN_DIR to a directory of yours"
            raise DirectorError(f"Can not open {path}: {error.strerror}; {hint}") from error
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            file.close()
            raise AlreadyRunning(f"another ldirectord holds {path}") from None
        if _is_at(file, path):
            if (owner := os.fstat(file.fileno()).st_uid) == os.geteuid():
                return file
            file.close()
            raise DirectorError(f"{path} belongs to uid {owner}, and this is uid {os.geteuid()}: remove the file")
        # the previous daemon removed it between our open and our lock
        file.close()


def _is_at(file: FileIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.lstat(path))
    except FileNotFoundError:
        return False


def _lock_holder(descriptor: int) -> int | None:
    """Return the pid of who holds a lock on the file (F_GETLK), None where nobody does."""
    question = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _, _, _, pid = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    return None if kind == fcntl.F_UNLCK else int(pid)


def _leading_number(content: bytes) -> int | None:
    match = re.match(rb"\d{1,9}(?!\d)", content)
    return int(match.group()) if match else None
