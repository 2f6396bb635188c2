"""The journal's own protocol: a datagram for each entry, with its fields (systemd.io/JOURNAL_NATIVE_PROTOCOL).

The fields of a line come as journal fields in capital letters, so that `journalctl REAL=10.0.0.5:80` finds it.
"""

import array
import errno
import fcntl
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from ldirectord_py.observers.logging.entry import PRIORITIES, Entry

IDENTIFIER = "ldirectord"
_TOO_LARGE = (errno.EMSGSIZE, errno.ENOBUFS)
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
"""journald takes only a file that nobody can change any more."""


class JournalWriter:
    """Sends each entry to the journal; it is found again when journald has been started anew."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def __call__(self, entries: Sequence[Entry], /, *, wait: bool) -> tuple[int, str]:
        """Send *entries*; see `LogWriter`."""
        count = 0
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as outlet:
                outlet.setblocking(wait)
                for entry in entries:
                    self._send(outlet, datagram(entry))
                    count += 1
        except OSError as error:
            return count, f"journal: {error.strerror or error}"
        return count, ""

    def _send(self, outlet: socket.socket, data: bytes) -> None:
        try:
            outlet.sendto(data, self._path)
        except OSError as error:
            if error.errno not in _TOO_LARGE:
                raise
            self._send_file(outlet, data)

    def _send_file(self, outlet: socket.socket, data: bytes) -> None:
        """Send what is too large for a datagram as a file in memory."""
        descriptor = os.memfd_create("ldirectord-journal", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(data)
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))
            outlet.sendmsg([], [rights], 0, self._path)
        finally:
            os.close(descriptor)


def datagram(entry: Entry) -> bytes:
    """Return what says *entry*."""
    head = {"MESSAGE": entry.text, "PRIORITY": str(PRIORITIES[entry.level]), "SYSLOG_IDENTIFIER": IDENTIFIER}
    return b"".join(_field(name, value) for name, value in (*head.items(), *entry.fields))


def _field(name: str, value: str) -> bytes:
    data = value.encode("utf-8", "surrogateescape")
    if b"\n" in data:
        return b"%b\n%b%b\n" % (name.encode(), len(data).to_bytes(8, "little"), data)
    return b"%b=%b\n" % (name.encode(), data)
