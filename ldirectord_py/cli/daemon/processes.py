"""Processes that a pid file names: who they are, and signals that reach no other."""

import os
import re
import select
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ldirectord_py.model.errors import DirectorError


@dataclass(frozen=True, slots=True)
class Process:
    """A process as /proc shows it."""

    pid: int

    @property
    def owner(self) -> int | None:
        """The user that it runs as, -1 if real and effective user differ; None: not to be seen from here."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text(errors="replace")
        except OSError:
            return None
        users = re.search(r"(?m)^Uid:\t(\d+)\t(\d+)\t", status)
        if users is None:
            return None
        return int(users[1]) if users[1] == users[2] else -1

    @property
    def command(self) -> list[bytes]:
        """The words of its command line; empty if they cannot be read."""
        try:
            return Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return []

    @property
    def is_ldirectord(self) -> bool:
        """Whether it runs something called ldirectord; a folder of that name makes no ldirectord of what lies there."""
        return any(_is_called_ldirectord(word) for word in self.command)

    @property
    def is_original(self) -> bool:
        """Whether it is Perl, running something called ldirectord."""
        program, *arguments = self.command or [b""]
        return program.rpartition(b"/")[2].startswith(b"perl") and any(map(_is_called_ldirectord, arguments))


def _is_called_ldirectord(word: bytes) -> bool:
    return word.rpartition(b"/")[2].startswith(b"ldirectord")


class DaemonProcess:
    """A process to be signalled, through a descriptor that cannot come to mean another (pidfd_open(2)).

    *same* says whether the pid file still names the process.  It is asked after the descriptor is open,
    because the process may have ended before, and its pid may have gone to another.
    One that has ended already takes every signal.  Raises `DirectorError` if the process cannot be opened.
    """

    def __init__(self, pid: int, same: Callable[[], bool]) -> None:
        self._pid = pid
        self._descriptor: int | None = None
        try:
            self._descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        except OSError as error:
            raise DirectorError(f"Can not reach ldirectord, pid {pid}: {error.strerror}") from error
        try:
            if not same():
                self.close()
        except DirectorError:
            self.close()
            raise

    def send(self, number: signal.Signals | Literal[0]) -> None:
        """Send a signal, or with 0 none; raise `DirectorError` if that is not permitted."""
        if self._descriptor is None:
            return
        try:
            signal.pidfd_send_signal(self._descriptor, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise DirectorError(
                f"Not permitted to signal ldirectord, pid {self._pid}: become root, or the user it runs as"
            ) from error

    def wait(self, seconds: float) -> bool:
        """Return whether it has ended within *seconds*."""
        if self._descriptor is None:
            return True
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)  # readable once the process has ended
        return bool(poll.poll(seconds * 1000))

    def close(self) -> None:
        """Close the descriptor."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
