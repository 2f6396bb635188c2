"""Taking secrets out of what others have worded: libraries, the interpreter."""

from collections.abc import Iterable

from ldirectord_py.model.text.escaping import printable


def without(text: str, secrets: Iterable[str]) -> str:
    """Return *text*, such as a traceback, with `***` in place of each of *secrets*, also as they are written out."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        data = secret.encode("utf-8", "surrogateescape")
        for written in (secret, printable(secret), repr(secret)[1:-1], repr(data)[2:-1]):
            text = text.replace(written, "***")
    return text
