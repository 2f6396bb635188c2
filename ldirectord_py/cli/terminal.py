"""What the operator reads, on standard output and standard error."""

import os
import sys
from contextlib import suppress
from enum import StrEnum
from typing import TextIO

from ldirectord_py.model.text.escaping import printable


class Style(StrEnum):
    """How a line looks where colours are welcome: parameters of SGR (ECMA-48 §8.3.117)."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"


_given_up: list[TextIO] = []
"""Streams that what is told does not reach any more."""


def tell(text: str, style: Style | None = None) -> None:
    """Write the lines of *text* to standard output: what was asked for."""
    coloured = style is not None and colourful(sys.stdout)
    _write_lines(sys.stdout, text, *((f"\x1b[{style}m", "\x1b[0m") if coloured else ()))


def styled(text: str, style: Style) -> str:
    """Return *text* in the colour, or weight, of *style*."""
    return f"\x1b[{style}m{text}\x1b[0m"


def tell_rendered(text: str) -> None:
    """Write *text* to standard output as it is: colours are in it, and all else has been `shown`."""
    _write(sys.stdout, text)


def is_read() -> bool:
    """Return whether somebody may read what is told: what goes on until it is interrupted ends with its reader."""
    return sys.stdout is not None and sys.stdout not in _given_up


def confirmed(sentence: str) -> bool:
    """Ask whoever sits at the terminal whether to go on after *sentence*; return False if nobody does."""
    if sys.stdin is None or sys.stderr is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    _write(sys.stderr, f"{shown(sentence, sys.stderr)} Go on? [y/N] ")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def complain(text: str, *, by: str = "") -> None:
    """Write the lines of *text* to standard error: what went wrong; in front of each stands who says so."""
    prefix = f"\x1b[31m{by}:\x1b[0m " if by and colourful(sys.stderr) else f"{by}: " if by else ""
    _write_lines(sys.stderr, text, prefix)


def colourful(stream: TextIO | None) -> bool:
    """Return whether colours are welcome on *stream*: on terminals, unless `NO_COLOR` is set (no-color.org)."""
    return (
        stream is not None and stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def shown(text: str, stream: TextIO) -> str:
    """Return *text* as it is shown: what a file of rubbish has brought must not steer the terminal, nor fail there."""
    safe = "\t".join(map(printable, text.split("\t")))
    return safe.encode(stream.encoding, "backslashreplace").decode(stream.encoding)


def _write_lines(stream: TextIO | None, text: str, prefix: str = "", suffix: str = "") -> None:
    if stream is not None:
        lines = text.rstrip("\n").split("\n")
        _write(stream, "".join(f"{prefix}{shown(line, stream)}{suffix}\n" for line in lines))


def _write(stream: TextIO | None, text: str) -> None:
    """Write *text*.

    A stream that was closed, a full disk, or a reader that has read enough and gone, as `head` does, keeps nothing from
    being done: what comes after that is for nobody.
    """
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError) as error:  # ValueError: it was closed by us
        _given_up.append(stream)
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            complain(f"not all could be written to standard output: {getattr(error, 'strerror', None) or error}")
