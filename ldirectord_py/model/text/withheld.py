"""Bytes that came in pieces, shown without secrets: not even one that was cut in two by the pieces."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, unquote_to_bytes

from ldirectord_py.model.text.escaping import printable

_LEAST = 4
"""Bytes of a secret's beginning, or of its form in base64, that tell something of it."""
_CREDENTIALS = re.compile(rb"^(?:(?:proxy-)?authorization|cookie):[ \t]*([^\r\n]+)", re.IGNORECASE | re.MULTILINE)
"""The headers of HTTP and SIP that have nothing but secrets, or what was computed of them."""
_MASK = "***"


def pieces_without(pieces: Sequence[bytes], secrets: Iterable[str]) -> list[str]:
    """Return what is shown of each of *pieces* of one stream: escaped, with `***` in place of each of *secrets*.

    A secret is found as it is, in any case, and as protocols write it: in base64 together with what is around it, in
    hexadecimal, percent-encoded or decoded, and with backslashes in a quoted string; of `USER@DOMAIN` the user alone.
    """
    stream = b"".join(pieces)
    spans = _merged([*_found(stream, secrets), *(found.span(1) for found in _CREDENTIALS.finditer(stream))])
    shown = []
    start = 0
    for piece in pieces:
        end = start + len(piece)
        shown.append(_shown(stream, spans, start, end))
        start = end
    return shown


def _shown(stream: bytes, spans: Sequence[tuple[int, int]], start: int, end: int) -> str:
    """Return the part of *stream* from *start* to *end*, with a mask for what of *spans* is in it."""
    parts = []
    for first, last in spans:
        if first < end and last > start:
            parts += [_text(stream[start:first]) if first > start else "", _MASK]
            start = min(last, end)
    return "".join([*parts, _text(stream[start:end])])


def _text(data: bytes) -> str:
    return printable(data.decode("utf-8", "surrogateescape"))


def _found(stream: bytes, secrets: Iterable[str]) -> Iterator[tuple[int, int]]:
    lower = stream.lower()
    for secret in secrets:
        data = secret.encode("utf-8", "surrogateescape")
        for form in _forms(data):
            yield from _places(lower, form.lower())
        for form in _in_base64(data):
            # the letters beside it have some bits of the secret
            yield from ((max(first - 1, 0), last + 1) for first, last in _places(lower, form.lower()))


def _places(stream: bytes, sought: bytes) -> Iterator[tuple[int, int]]:
    """Yield where *sought* is, and where what was not read to its end may end amid it."""
    place = stream.find(sought)
    while place >= 0:
        yield place, place + len(sought)
        place = stream.find(sought, place + 1)
    for count in range(len(sought) - 1, _LEAST - 1, -1):
        if stream.endswith(sought[:count]):
            yield len(stream) - count, len(stream)
            return


def _forms(secret: bytes) -> set[bytes]:
    """Return how *secret* may stand on the wire, line by line."""
    plain = {secret, unquote_to_bytes(secret), quote(secret, safe="").encode(), secret.hex().encode()}
    if len(user := secret.partition(b"@")[0]) >= _LEAST:
        plain.add(user)
    plain |= {form.replace(b"\\", b"\\\\").replace(b'"', b'\\"') for form in plain}
    return {line for form in plain for line in re.split(rb"[\r\n]", form) if line}


def _in_base64(secret: bytes) -> Iterator[bytes]:
    """Yield what base64 (RFC 4648) makes of *secret* wherever it begins, without letters that its neighbours change."""
    for data in {secret, unquote_to_bytes(secret)}:
        for ahead in range(3):
            form = b64encode(bytes(ahead) + data)[-(-ahead * 4 // 3) : (ahead + len(data)) * 4 // 3]
            if len(form) >= _LEAST:
                yield form


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return *spans* in order, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
