"""What a server said to somebody who logs in, quoted without what it was told."""

import re

from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL

_LONGEST = 100
_LEAST = 4
"""Bytes of a secret's beginning that tell something of it."""


def redacted(text: bytes, *secrets: bytes, longest: int = _LONGEST) -> str:
    """Return *text* as `quoted` does, with `***` in place of each of *secrets*: some servers repeat what they hear."""
    # So much of it that more is left than is shown, whatever is replaced, and no secret is cut in two in what is shown.
    text = text[: (longest + 2) * (1 + max(map(len, secrets), default=0))]
    for secret in secrets:
        # Line by line, as the answers come; and in whichever case the server likes its words.
        for piece in filter(None, re.split(rb"[\r\n]", secret)):
            text = re.sub(re.escape(piece), b"***", text, flags=re.IGNORECASE)
    return quoted(text, longest)


def redacted_sentence(sentence: str, *secrets: bytes) -> str:
    """Return *sentence* with `***` in place of each of *secrets*, or of its beginning where a quotation was cut in it.

    For what other code has quoted already; where the text itself is at hand, `redacted` is better.
    """
    cut = "..." in sentence or len(sentence) >= LONGEST_DETAIL
    for secret in secrets:
        sentence = _cleared(sentence, _within(secret))
        for count in range(min(len(secret), len(sentence)) - 1 if cut else 0, _LEAST - 1, -1):
            sentence = _cleared(sentence, _within(secret[:count]), r"(?=\.\.\.|\Z)")
    return sentence


def _cleared(sentence: str, text: str, ahead: str = "") -> str:
    # Almost always there is nothing to be found, and to look for it takes less than to compile an expression.
    if text.lower() not in sentence.lower():
        return sentence
    return re.sub(re.escape(text) + ahead, "***", sentence, flags=re.IGNORECASE)


def _within(text: bytes) -> str:
    """Return *text* as it stands between the apostrophes of a quotation."""
    return quoted(text, len(text))[1:-1]
