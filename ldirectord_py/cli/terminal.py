"""What the operator reads, on standard output and standard error."""

import sys
from typing import TextIO


def tell(text: str) -> None:
    """Write the lines of *text* to standard output: what was asked for."""
    _write(sys.stdout, text)


def complain(text: str) -> None:
    """Write the lines of *text* to standard error: what went wrong."""
    _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    """Write whole lines; what a file of rubbish has brought into them must not steer the terminal, nor fail there."""
    for line in text.rstrip("\n").split("\n"):
        shown = "".join(letter if letter.isprintable() or letter == "\t" else _escaped(letter) for letter in line)
        stream.write(shown.encode(stream.encoding, "backslashreplace").decode(stream.encoding) + "\n")
    stream.flush()


def _escaped(letter: str) -> str:
    # bytes that are no UTF-8 come as lone surrogates, U+DC80 to U+DCFF
    code = ord(letter)
    return f"\\x{code & 0xFF:02x}" if code < 0x100 or 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
