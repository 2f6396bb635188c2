"""What peers and operators wrote, quoted for a sentence."""

from ldirectord_py.model.text.escaping import printable

LONGEST = 60


def quoted(text: bytes, longest: int = LONGEST) -> str:
    """Return *text*, shown as UTF-8, between apostrophes, cut with `...` if it is longer than *longest* bytes."""
    shown = printable(text[:longest].decode("utf-8", "surrogateescape"))
    return f"'{shown}...'" if len(text) > longest else f"'{shown}'"
