"""What peers and operators wrote, quoted for a sentence."""

LONGEST = 60


def quoted(text: bytes, longest: int = LONGEST) -> str:
    r"""Return *text* between apostrophes, on one line, cut with `...` where it is longer than *longest* bytes.

    UTF-8 is shown as such, everything that cannot be printed as in Python: `\n`, `\x00`.
    """
    shown = text[:longest].decode("utf-8", "backslashreplace")
    escaped = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in shown
    )
    return f"'{escaped}...'" if len(text) > longest else f"'{escaped}'"
