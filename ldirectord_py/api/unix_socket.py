"""The unix stream socket that the API is served on: next to the pid file, for root and the daemon's own user.

Who may connect is decided by the socket's mode and group; what a client may do, by the user behind it (`callers`).
"""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ldirectord_py.api.access import Access
from ldirectord_py.model.errors import DirectorError


@contextmanager
def bound(path: Path) -> Iterator[socket.socket]:
    """Yield a socket bound to *path*, in place of one that was left there; it is removed at the end.

    Raises `DirectorError` if nobody can listen there.
    """
    listener = _bound(path)
    try:
        yield listener
    finally:
        listener.close()
        with suppress(OSError):
            path.unlink()


def share(path: Path, access: Access) -> str | None:
    """Let the groups of *access* connect to the socket *path*, and nobody else; return why they cannot be.

    A socket has one group: where two are to be let in everybody may connect, and is asked who it is.  A unit's sandbox
    forbids to change it, so that the daemon's own group is left alone.
    """
    groups = {group for group in (access.writers, access.readers) if group is not None}
    mode = (0o600, 0o660, 0o666)[len(groups)]
    group = groups.pop() if len(groups) == 1 else os.getegid()
    try:
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            found = os.stat(path.name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISSOCK(found.st_mode):
                return f"{path} is no socket any more"
            if found.st_gid != group:
                os.chown(path.name, -1, group, dir_fd=folder)
            os.chmod(path.name, mode, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        return f"apigroup, apireadgroup: {path} cannot be opened to them: {error.strerror or error}"
    return None


def _bound(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        # Seen through the descriptor of its folder, a path of any length fits into an address of 108 bytes.
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _remove_stale(path.name, folder)
            listener.bind(f"/proc/self/fd/{folder}/{path.name}")
            # Nobody can connect before `listen`, so there is no moment in which others could.
            os.chmod(path.name, 0o600, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        listener.close()
        raise DirectorError(f"cannot listen on the control socket {path}: {error.strerror or error}") from error
    return listener


def _remove_stale(name: str, folder: int) -> None:
    """Remove a socket that was left behind: only the holder of the pid file may serve here."""
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=folder)
