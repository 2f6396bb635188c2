"""Reading an HTTP answer: strictly where that works, else as loosely as the original did."""

import re

from httptools import HttpParserError, HttpParserUpgrade

from ldirectord_py.checks.conversations.http_answer import MOST_BODY, Answer, WholeAnswer
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checking import Peer
from ldirectord_py.model.outcome import Outcome, Reason, down

MOST_HEAD = 64 * 1024
"""Bytes until the headers are complete, those of interim (1xx) answers included."""
MOST_WIRE = MOST_HEAD + 2 * MOST_BODY
"""Bytes altogether: a body in chunks may be little content in much wrapping."""

_BEGINNING = b"HTTP/"
_STATUS = re.compile(rb"\s*HTTP/\d+(?:\.\d+)?[ \t]+(\d{3})(?!\d)")
_HEAD_END = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(rb"\ncontent-length[ \t]*:[ \t]*(\d{1,18})[ \t\r]*\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\ntransfer-encoding[ \t]*:[^\n]*chunked", re.IGNORECASE)

_CLOSED = down(Reason.CLOSED, "the server closed the connection without an answer")
_LONG_HEAD = down(Reason.TOO_LONG, f"the headers did not end within {MOST_HEAD // 1024} KiB")
_LONG_WIRE = down(Reason.TOO_LONG, f"the answer did not end within {MOST_WIRE // 1024} KiB")


async def read_answer(peer: Peer, *, whole: bool) -> Answer | Outcome:
    """Return the final answer, *whole* or just its status; or what is wrong with it.

    A body that the end of the stream cuts short is taken for what it is, as the original does.
    """
    answer = WholeAnswer() if whole else Answer()
    taken, rest = 0, b""
    while data := rest or await peer.some():
        # In pieces of our own choosing, so that a verdict never depends on how the network cut the answer.
        most = MOST_WIRE if answer.status else MOST_HEAD
        data, rest = (data, b"") if taken + len(data) <= most else (data[: most - taken], data[most - taken :])
        taken += len(data)
        if not answer.status:
            answer.head.append(data)
        try:
            answer.parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not answer.status:
                return await _read_loosely(peer, answer, rest, whole=whole)
            if not answer.done:
                return down(Reason.PROTOCOL, f"the answer's body is malformed: {error}")
        if answer.done:
            break
        if taken >= (MOST_WIRE if answer.status else MOST_HEAD):
            return _LONG_WIRE if answer.status else _LONG_HEAD
    if not answer.status:
        return await _read_loosely(peer, answer, b"", whole=whole) if taken else _CLOSED
    del answer.parser
    return answer


async def _read_loosely(peer: Peer, answer: Answer, rest: bytes, *, whole: bool) -> Answer | Outcome:
    """Go on where llhttp will not: bare LF, odd headers, HTTP/2 in the status line, no headers at all.

    The original's library takes all of these, and scripts that answer so have been in use for years.
    """
    del answer.parser
    raw = bytearray(b"".join(answer.head) + rest)
    if not await _begins_as_http(peer, raw):
        return await _read_bare(peer, answer, raw, whole=whole)
    if (size := await _read_head(peer, raw)) is None:
        return _LONG_HEAD
    head = bytes(raw[:size])
    if not (status := _STATUS.match(head)):
        return down(Reason.PROTOCOL, f"expected an HTTP status line, but got {quoted(head)}")
    answer.status, answer.head = int(status[1]), [head]
    if not whole:
        return answer
    if _CHUNKED.search(head):
        return down(Reason.PROTOCOL, "the answer's headers are malformed, so its chunks cannot be read")
    length = _LENGTH.search(head)
    most = min(int(length[1]), MOST_BODY + 1) if length else MOST_BODY + 1
    return await _read_body(peer, answer, raw[size:], most=most)


async def _read_bare(peer: Peer, answer: Answer, raw: bytearray, *, whole: bool) -> Answer | Outcome:
    """Take what is no HTTP for a body, as HTTP/0.9 would, if there is a pattern to tell whether that is right."""
    if not whole:
        return down(Reason.PROTOCOL, f"expected an HTTP answer, but got {quoted(bytes(raw))}")
    answer.bare = True
    return await _read_body(peer, answer, raw, most=MOST_BODY + 1)


async def _read_head(peer: Peer, raw: bytearray) -> int | None:
    """Add to *raw* until there is an empty line, or the end; return the headers' size, None where they are too long."""
    searched = 0
    while (end := _HEAD_END.search(raw, max(0, searched - 2))) is None and len(raw) < MOST_HEAD:
        searched = len(raw)
        if not (data := await peer.some()):
            return searched
        raw += data
    return end.end() if end and end.end() <= MOST_HEAD else None


async def _begins_as_http(peer: Peer, raw: bytearray) -> bool:
    """Return whether *raw* begins as HTTP does, and add to it until that is certain."""
    while (beginning := bytes(raw.lstrip()[: len(_BEGINNING)])) != _BEGINNING:
        if not _BEGINNING.startswith(beginning) or len(raw) > MOST_HEAD or not (data := await peer.some()):
            return False
        raw += data
    return True


async def _read_body(peer: Peer, answer: Answer, raw: bytearray, *, most: int) -> Answer:
    """Return *answer* with a body of at most *most* bytes, of which *raw* are there already."""
    while len(raw) < most and (data := await peer.some()):
        raw += data
    answer.pieces = [bytes(raw[:most])]
    answer.cut = min(len(raw), most) > MOST_BODY
    return answer
