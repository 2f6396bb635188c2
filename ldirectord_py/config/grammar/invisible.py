"""Characters that nobody sees, or that look like a blank: what an editor or a web page leaves in a configuration."""

import re
import unicodedata

_INVISIBLE = re.compile("[\u00a0\u00ad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff\udca0]")
_IN_QUOTES = re.compile(r'"[^"]*"')
_LATIN_1_BLANK = "\udca0"
"""The byte 0xA0 by itself: a no-break space of ISO 8859-1."""


def told(line: str) -> str:
    """Say which invisible character stands first in *line*, outside of quotes and comments; nothing if none does."""
    match = _INVISIBLE.search(_IN_QUOTES.sub("", line).partition("#")[0])
    return what(match[0]) if match else ""


def what(character: str) -> str:
    """Say what *character* is and what to do about it."""
    character = "\u00a0" if character == _LATIN_1_BLANK else character
    name = f"{unicodedata.name(character, 'an invisible character').lower()} (U+{ord(character):04X})"
    if unicodedata.category(character) == "Zs":
        return f"here is a {name}, which looks like a blank and is none; write a blank in its place"
    return f"here is a {name}, which nobody sees; remove it"


def begins(line: str) -> bool:
    """Return whether *line* begins with an invisible character."""
    return _INVISIBLE.match(line) is not None
