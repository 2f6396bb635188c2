"""A terminal for what is tested, and what was written to it."""

import fcntl
import os
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

import pytest

from tests.peers.patience import PATIENCE


class Terminal:
    """Standard output as a terminal of some width; what is written fits into its buffer."""

    def __init__(self, columns: int) -> None:
        self._master, slave = os.openpty()
        attributes = termios.tcgetattr(slave)
        attributes[1] &= ~termios.OPOST  # lines end as they are written
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.stream: TextIO = os.fdopen(slave, "w", encoding="utf-8")

    def type(self, text: str) -> None:
        """Have *text* be there to be read from the terminal."""
        os.write(self._master, text.encode())

    def written(self) -> str:
        """Return all that was written, after which it is closed."""
        self.stream.flush()
        os.set_blocking(self._master, False)
        text = b""
        try:
            while part := os.read(self._master, 65536):
                text += part
        except (BlockingIOError, OSError):
            pass
        self.stream.close()
        os.close(self._master)
        return text.decode()


@contextmanager
def sitting_at(columns: int, monkeypatch: pytest.MonkeyPatch, **environment: str) -> Iterator[Terminal]:
    """Have standard output be a terminal of so many *columns*."""
    for name in ("NO_COLOR", "COLORTERM", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": str(columns), **environment}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal(columns)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", terminal.stream)
        yield terminal


def shown_on(columns: int, command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run a program whose standard output is a terminal of so many *columns*; return what it showed."""
    given = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS"}}
    terminal = Terminal(columns)
    subprocess.run(
        command,
        stdout=terminal.stream,
        env=given | {"TERM": "xterm-256color", **environment},
        timeout=PATIENCE,
        check=False,
    )
    return terminal.written()


def answering_on(columns: int, command: Sequence[str], environment: Mapping[str, str], says: str) -> tuple[str, int]:
    """Run a program at a terminal where somebody *says* so much; return what it showed, and its exit status."""
    terminal = Terminal(columns)
    terminal.type(says)
    done = subprocess.run(
        command,
        stdin=terminal.stream,
        stdout=terminal.stream,
        stderr=terminal.stream,
        env={**os.environ, "TERM": "xterm-256color", **environment},
        timeout=40,
        check=False,
    )
    return terminal.written(), done.returncode
