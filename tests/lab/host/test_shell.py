"""A shell in a guest, on a terminal."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from select import select

import pytest

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]
ROOT = Path(__file__).parents[3]
PROMPT = "guest:"
SECONDS = 100.0
"""A guest is up within six; but the machine may be busy."""


class Terminal:
    """A terminal, and what it shows."""

    def __init__(self, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            words, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self._shown = ""

    def until(self, text: str) -> str:
        """Return what is shown until *text* comes, or the program ends."""
        deadline = time.monotonic() + SECONDS
        while text not in self._shown:
            ready, _, _ = select([self._ours], [], [], deadline - time.monotonic())
            assert ready, f"{text!r} did not come: {self._shown}"
            try:
                self._shown += os.read(self._ours, 65536).decode(errors="replace")
            except OSError:  # the program has ended, and nobody else has the terminal
                break
        shown, found, self._shown = self._shown.partition(text)
        assert found, shown
        return shown

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(SECONDS)
        os.close(self._ours)


@pytest.fixture
def shell() -> Iterator[Terminal]:
    terminal = Terminal(sys.executable, "-m", "tests.lab.guests.shell")
    try:
        yield terminal
    finally:
        terminal.close()


def running(folder: str) -> list[str]:
    """Return the command lines of the programs that run in *folder*."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has just ended
            lines.append(path.read_bytes().decode(errors="replace"))
    return [line for line in lines if folder in line]


def test_a_guest_has_a_shell_a_table_and_an_end(shell: Terminal) -> None:
    shell.until(PROMPT)
    shell.type("ipvsadm -A -t 10.9.0.100:80; ipvsadm -Ln; tty; which ldirectord\n")
    shown = shell.until(PROMPT)
    assert re.search(r"TCP +10\.9\.0\.100:80 wlc", shown)
    assert "/run/terminal" in shown
    assert str(Path(sys.executable).with_name("ldirectord")) in shown
    shell.type("exit\n")

    assert shell.process.wait(SECONDS) == 0


def test_a_shell_that_is_terminated_leaves_nothing_behind(shell: Terminal) -> None:
    shell.until(PROMPT)
    shell.type("echo in=$LAB_GUEST=\n")
    shell.until("in=/")
    folder = f"/{shell.until('=')}"
    assert running(folder)
    shell.process.terminate()

    assert shell.process.wait(SECONDS) == 128 + signal.SIGTERM
    assert not running(folder)
    assert not Path(folder).exists()
