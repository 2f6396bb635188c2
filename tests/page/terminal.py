"""What a command shows on a terminal, as a picture: it runs on a real one, and what it writes there is drawn."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ldirectord_py.cli.ctl.remote.daemon import Daemon
from ldirectord_py.cli.ctl.screen.app import Top
from tests.page.director import PATIENCE

COLUMNS, ROWS = 118, 40
TOP_SIZE = (134, 26)
TITLE = "director"


def shown(words: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return what `ldirectorctl` with *words* writes on a terminal of `COLUMNS`."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", *words],
            env={**os.environ, **environment, "TERM": "xterm-256color"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
        ):
            os.close(slave)
            return _read_all(master).decode(errors="replace").replace("\r\n", "\n")
    finally:
        os.close(master)


def _read_all(terminal: int) -> bytes:
    found = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # EIO: nobody has it open any more
            return found
        if not piece:
            return found
        found += piece


def draw(file: Path, commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> None:
    """Draw in the SVG *file* what *commands* show, one after the other, each behind its prompt."""
    console = Console(record=True, width=COLUMNS, file=Path(os.devnull).open("w"))  # noqa: SIM115  # ends with us
    for words in commands:
        console.print(Text.assemble(("# ", "bold green"), ("ldirectorctl " + " ".join(words), "bold")))
        console.print(Text.from_ansi(shown(words, environment)))
    _write(file, console.export_svg(title=TITLE))


async def draw_top(file: Path, socket: Path, *keys: str) -> None:
    """Draw in the SVG *file* what `ldirectorctl top` shows of the daemon at *socket* after *keys*."""
    top = Top(Daemon(socket))
    async with top.run_test(size=TOP_SIZE) as pilot:
        for _ in range(3):  # so that there is something that was lately
            deadline = time.monotonic() + PATIENCE
            taken = top.taken
            while top.taken == taken:
                assert time.monotonic() < deadline
                await pilot.pause(0.1)
        await pilot.press(*keys)
        await pilot.pause()
        _write(file, top.export_screenshot(title=TITLE))


def _write(file: Path, drawn: str) -> None:
    """Write an SVG whose reader fetches no font from elsewhere."""
    file.write_text(re.sub(r"@font-face \{.*?\}|<!--.*?-->", "", drawn, flags=re.DOTALL))
