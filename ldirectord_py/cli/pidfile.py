"""Pid files: which process runs an instance, told by a lock that dies with its holder."""

import fcntl
import os
import re
import select
import signal
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from ldirectord_py.model.errors import DirectorError

# struct flock of fcntl(2): type, whence, start, length, pid; the last item pads it as the compiler does
_FLOCK = struct.Struct("@hhqqi0q")


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon runs."""

    pid: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """No daemon runs; it may have left its pid file, having had no chance to remove it."""

    stale: bool


class AlreadyRunning(DirectorError):
    """Another daemon holds the pid file."""


def standing(path: Path) -> Running | Stopped:
    """Say whether a daemon runs under the pid file *path*.

    Ours holds a lock on the file, and the kernel names the holder, whatever the file says: a pid
    that meanwhile belongs to `vi ldirectord.cf` fools nobody.  A file without a lock can still be
    that of the original, from which people switch over; that one is told by its command line.
    """
    try:
        with path.open("rb") as file:
            holder = _lock_holder(file.fileno())
            noted = _leading_number(file.readline(64))
    except FileNotFoundError:
        return Stopped(stale=False)
    except OSError as error:
        raise DirectorError(f"Can not open {path}: {error.strerror}") from error
    if holder is not None:
        # 0 or less: the holder lives in another pid namespace, and only the file can name it
        return Running(holder if holder > 0 else noted or 0)
    if noted and _is_original(noted):
        return Running(noted)
    return Stopped(stale=noted is not None)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the pid file *path*, with our pid in it, as long as the context lasts; then remove it.

    A record lock belongs to the process that takes it, so this has to happen after the last fork;
    nothing else in the process may open and close the file.  Where *path* is a symbolic link, to a directory
    in which a daemon that is not root may write, the file is what it leads to, and the link stays.
    Raises `AlreadyRunning`.
    """
    with _locked(path) as file:
        file.truncate()
        file.write(b"%d\n" % os.getpid())
        try:
            yield
        finally:
            # someone may have removed the file, and another daemon may have made its own
            if _is_at(file, path):
                path.resolve().unlink()


def send(running: Running, path: Path, number: signal.Signals) -> None:
    """Send a signal to the daemon that runs under *path*; raise `DirectorError` where that is not possible."""
    process = _open_process(running, path)
    if process is not None:
        try:
            _deliver(process, running, number)
        finally:
            os.close(process)


def end(running: Running, path: Path, seconds: float) -> bool:
    """Send SIGTERM to the daemon that runs under *path*; return whether it was gone within *seconds*."""
    process = _open_process(running, path)
    if process is None:
        return True
    try:
        _deliver(process, running, signal.SIGTERM)
        poll = select.poll()
        poll.register(process, select.POLLIN)  # readable once the process has ended
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(process)


def _open_process(running: Running, path: Path) -> int | None:
    """Return a descriptor of the process (pidfd_open(2)), which cannot come to mean another; None: it has ended."""
    if running.pid <= 0:
        raise DirectorError(f"{path} is held by a process that cannot be seen from here, perhaps in another container")
    try:
        process = os.pidfd_open(running.pid)
    except ProcessLookupError:
        return None
    except OSError as error:
        raise DirectorError(f"Can not reach ldirectord, pid {running.pid}: {error.strerror}") from error
    if standing(path) == running:
        return process
    # between the look at the file and the opening it ended, and the pid may stand for another
    os.close(process)
    return None


def _deliver(process: int, running: Running, number: signal.Signals) -> None:
    try:
        signal.pidfd_send_signal(process, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise DirectorError(
            f"Not permitted to signal ldirectord, pid {running.pid}: become root, or the user it runs as"
        ) from error


def _locked(path: Path) -> closing[FileIO]:
    while True:
        try:
            file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+")
        except OSError as error:
            hint = "start as root, or set LDIRECTORD_RUN_DIR to a directory of yours"
            raise DirectorError(f"Can not open {path}: {error.strerror}; {hint}") from error
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            file.close()
            raise AlreadyRunning(f"another ldirectord holds {path}") from None
        if _is_at(file, path):
            return closing(file)
        # the previous daemon removed it between our open and our lock
        file.close()


def _is_at(file: FileIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _lock_holder(descriptor: int) -> int | None:
    """Return the pid of who holds a lock on the file (F_GETLK), None where nobody does."""
    question = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _, _, _, pid = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    return None if kind == fcntl.F_UNLCK else int(pid)


def _leading_number(line: bytes) -> int | None:
    match = re.match(rb"\d{1,9}(?!\d)", line)
    return int(match.group()) if match else None


def _is_original(pid: int) -> bool:
    """Say whether the process is Perl, running something called ldirectord."""
    try:
        program, *arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return program.rpartition(b"/")[2].startswith(b"perl") and any(b"ldirectord" in word for word in arguments)
