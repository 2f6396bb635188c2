"""What somebody writes who wants to steer a terminal, forge a line of a log, or hide one."""

CORPUS = {
    "clears the screen": "\x1b[2J\x1b[H",
    "sets the title": "\x1b]0;owned\x07",
    "links (OSC 8)": "\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "answers back": "\x1b[6n\x1b[0c\x05",
    "C1 CSI": "\x9b31m\x9b2J",
    "C1 OSC": "\x9d0;owned\x9c",
    "right to left": "\u202egnp.exe\u202c",
    "isolates": "\u2066a\u2067b\u2069\u200f",
    "a forged line": "ok\n[Mon Nov  2 13:06:49 2026|web.cf|801] Restored real server: 192.0.2.66:80 (192.0.2.1:80)",
    "a forged line of another kind": "ok\r\nERROR\x0b\x0cno\x85no\u2028no\u2029no",
    "a forged header": "x\r\nBcc: everybody@example.com\r\n\r\nbody",
    "a forged label": 'x"} 1\nldirectord_real_up{real="y',
    "overprints": "is down\ris up  \b\b",
    "NUL": "before\0after",
    "invisible": "a\u200bb\u2060c\ufeffd\u00ade",
    "tags": "\U000e0001\U000e0068\U000e0069",
    "piled marks": "\u0301e" + "\u0310" * 40,
    "bytes that are no UTF-8": b"caf\xe9 \x80\x9b\xff".decode("utf-8", "surrogateescape"),
    "half a pair": "\ud800x\udfff",
}
"""Text as Python has it; what is no UTF-8 stands as surrogates."""


def unsafe(data: bytes) -> list[str]:
    """Return what of *data*, all that left an outlet, is no printable text on lines with tabs in them."""
    text = data.decode("utf-8", "surrogateescape")
    return [f"{line[max(0, at - 40) : at + 10]!r}" for line in text.split("\n") for at in _places(line)]


def _places(line: str) -> list[int]:
    odd = [at for at, letter in enumerate(line) if not (letter.isprintable() or letter == "\t")]
    pile = line.find("\u0310" * 5)
    return odd + ([pile] if pile >= 0 else [])
