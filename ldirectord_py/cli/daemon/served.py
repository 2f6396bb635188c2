"""Daemons without their pid file, which somebody has removed: found by who serves the control socket beside its place.

The kernel names who listens there (SO_PEERCRED).  A user who may write to the folder could
bring any program to listen: the process has to be of the socket's owner, and to hold the lock that a daemon has on its
pid file, on a file of that name that was removed.
"""

import re
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path

from ldirectord_py.cli.daemon.control_client import connect, control_path
from ldirectord_py.cli.daemon.processes import Process
from ldirectord_py.model.errors import DirectorError

_PEER = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid
_SECONDS = 2.0
_REMOVED = " (deleted)"
"""What /proc puts behind the name of an open file that has none any more."""
_LOCK = re.compile(r"(?m)^\d+: POSIX +ADVISORY +WRITE (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) 0 EOF$")
"""A lock on a whole file in /proc/locks (proc_locks(5)): process and inode."""


def serving(pid_file: Path) -> int | None:
    """Return the pid of the daemon whose pid file *pid_file* was; None: there is none.

    Raises `DirectorError` where somebody listens and it cannot be told whether that is the daemon.
    """
    path = control_path(pid_file)
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISSOCK(found.st_mode):
        return None
    peer = _peer(path)
    if peer is None:
        return None
    pid, user = peer
    if user != found.st_uid or Process(pid).owner != user:
        return None
    return pid if _holds(pid, pid_file.name) else None


def _peer(path: Path) -> tuple[int, int] | None:
    """Return the process and the user who listen at *path*; None: nobody does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(_SECONDS)
        try:
            connect(channel, path)
            pid, user, _ = _PEER.unpack(channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        except (ConnectionRefusedError, FileNotFoundError):
            return None  # it was left behind
        except OSError as error:
            raise _unknown(path, error) from error
    return pid, user


def _holds(pid: int, name: str) -> bool:
    """Return whether the process holds a lock on a removed file called *name*, as a daemon does on its pid file."""
    try:
        locked = {int(inode) for holder, inode in _LOCK.findall(Path("/proc/locks").read_text()) if int(holder) == pid}
        descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
    except FileNotFoundError:
        return False  # it has ended
    except OSError as error:
        raise DirectorError(f"pid {pid} may be ldirectord without its pid file: {error.strerror}") from error
    for each in descriptors:
        with suppress(OSError):  # closed meanwhile
            if each.readlink().name == name + _REMOVED and each.stat().st_ino in locked:
                return True
    return False


def _unknown(path: Path, error: OSError) -> DirectorError:
    why = "it does not answer" if isinstance(error, TimeoutError | BlockingIOError) else error.strerror
    return DirectorError(f"whether ldirectord runs cannot be told: its pid file is gone, but {path} is there: {why}")
