r"""What others wrote, made safe to show: no terminal is steered by it, and no line of a log is forged.

Used by whatever lets text out: the log in each of its forms, monitorfiles, mails, labels of metrics, and all that the
commands print.  It is not to be used twice on the way for safety's sake, but may be: what it returns it leaves alone.

Escaped are (categories of Unicode, as `str.isprintable` knows them): control characters, C0 and C1 (Cc); format
characters, all bidirectional ones among them (Cf); line and paragraph separators (Zl, Zp) and every blank but the
space (Zs); bytes that were no UTF-8, and other lone surrogates (Cs); private use and what Unicode has not assigned (Co,
Cn).  Also marks (M) that have nothing to combine with or come in piles, which hide the lines around them.

A backslash that was written as one stays as it is: `\n` may stand for a line feed or for these two letters.
"""

import unicodedata

_MOST_MARKS = 4
"""Marks on one letter that occur in languages: Hebrew with cantillation, Tibetan, Vietnamese in pieces."""
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def printable(text: str) -> str:
    r"""Return *text* with each character that could steer a terminal or end a line as an escape, such as `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    shown = []
    marks = _MOST_MARKS  # so that none stands first and joins what is in front of the text
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter)[0] == "M" else 0
        shown.append(letter if letter.isprintable() and marks <= _MOST_MARKS else _escape(letter))
    return "".join(shown)


def _escape(letter: str) -> str:
    if letter in _NAMED:
        return _NAMED[letter]
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8 (PEP 383)
        code &= 0xFF
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
