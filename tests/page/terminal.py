"""What a command shows on a terminal, as a picture: it runs on a real one, and what it writes there is drawn."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS, ROWS = 118, 40
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
    drawn = console.export_svg(title=TITLE)
    # Whoever looks at it fetches no font from elsewhere.
    file.write_text(re.sub(r"@font-face \{.*?\}|<!--.*?-->", "", drawn, flags=re.DOTALL))
