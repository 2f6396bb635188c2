"""What a library says of a server's answer: evidence behind a sentence of ours, where it is about the answer at all."""

import re
from collections.abc import Callable

from ldirectord_py.checks.quoting import quoted

_OF_PYTHON = re.compile(
    r"""\bb['"]|<(class|function|module) |object at 0x|has no attribute|NoneType|index out of range|buffer overread"""
    r"""|invalid literal|values to unpack|module not found|'[\w-]+' codec|%[rs]|^\(\d|\w(Inputs|State)\.[A-Z]"""
)
"""What tells that a message is about a library's innards, or shows a value as Python writes it."""
_LONGEST = 120


def _quoted(message: str) -> str:
    return quoted(message.encode("utf-8", "backslashreplace"), _LONGEST)


def evidence(library: str, message: str, show: Callable[[str], str] = _quoted) -> str:
    """Return `; LIBRARY: 'MESSAGE'`, to go behind a sentence; nothing where *message* is about Python."""
    return f"; {library}: {show(message)}" if message and not _OF_PYTHON.search(message) else ""
