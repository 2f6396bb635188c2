"""Reading an HTTP answer: strictly where that works, else as loosely as the original did."""

import re

from httptools import HttpParserError, HttpParserUpgrade

from ldirectord_py.checks.http.answer import MOST_BODY, HttpAnswer, WholeAnswer
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down

MOST_HEAD = 64 * 1024
"""Bytes until the headers are complete, those of interim (1xx) answers included."""
MOST_WIRE = MOST_HEAD + 2 * MOST_BODY
"""Bytes altogether: a body in chunks may be little content in much wrapping."""

_BEGINNING = b"HTTP/"
_STATUS = re.compile(rb"\s*HTTP/\d+(?:\.\d+)?[ \t]+(\d{3})(?!\d)")
_HEAD_END = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_LENGTH = re.compile(rb"\ncontent-length[ \t]*:[ \t]*(\d{1,18})(?:[ \t]*+,[ \t]*+\1)*+[ \t\r]*\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\ntransfer-encoding[ \t]*:[^\n]*chunked", re.IGNORECASE)
_CHUNK_LINE = re.compile(rb"[ \t\r\n]*([^ \t\r\n][^\n]*)\n")
"""The line in front of a chunk, with the line end of the chunk before it and blanks that some servers add."""
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?\r?")
"""What that line says (RFC 9112 §7.1)."""
_LONGEST_SIZE = 16 * 1024
"""Bytes of such a line."""
_MOST_CHUNKS = 1024
"""Read one by one: that takes a millisecond or two, and others wait meanwhile."""

_CLOSED = down(Reason.CLOSED, "the server closed the connection without an answer")
_LONG_HEAD = down(Reason.TOO_LONG, f"the headers did not end within {MOST_HEAD // 1024} KiB")
_MANY_CHUNKS = down(Reason.TOO_LONG, f"the answer's headers are odd, and it has more than {_MOST_CHUNKS} chunks")
_LONG_WIRE = down(Reason.TOO_LONG, f"the answer did not end within {MOST_WIRE // 1024} KiB")


async def read_answer(peer: Peer, *, whole: bool) -> HttpAnswer | Outcome:
    """Return the final answer, *whole* or just its status; or what is wrong with it.

    A body that the end of the stream cuts short is taken for what it is, as the original does.
    """
    answer = WholeAnswer() if whole else HttpAnswer()
    wire: list[bytes] = []  # all that has come, as far as it may have to be read again
    taken, rest = 0, b""
    while data := rest or await peer.more():
        # In pieces of our own choosing, so that a verdict never depends on how the network cut the answer.
        most = MOST_WIRE if answer.status else MOST_HEAD
        data, rest = (data, b"") if taken + len(data) <= most else (data[: most - taken], data[most - taken :])
        taken += len(data)
        if not answer.status:
            answer.head.append(data)
        if whole or not answer.status:
            wire.append(data)
        try:
            answer.parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            if not answer.done:
                return await _read_loosely(peer, answer, b"".join(wire) + rest, whole=whole)
        if answer.done:
            break
        if taken >= (MOST_WIRE if answer.status else MOST_HEAD):
            return _LONG_WIRE if answer.status else _LONG_HEAD
    if not answer.status:
        return await _read_loosely(peer, answer, b"".join(wire), whole=whole) if taken else _CLOSED
    del answer.parser
    return answer


async def _read_loosely(peer: Peer, answer: HttpAnswer, wire: bytes, *, whole: bool) -> HttpAnswer | Outcome:
    """Begin anew with *wire*, all that has come, where llhttp will not go on.

    That is with bare LF, odd headers, length and chunks, HTTP/2 in the status line, or no headers at all: the
    original's library takes all of these, and scripts that answer so have been in use for years.
    """
    del answer.parser
    raw = bytearray(wire)
    answer.pieces, answer.size = [], 0
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
    unfolded = _FOLD.sub(b" ", head)
    if _CHUNKED.search(unfolded):
        return await _read_chunks(peer, answer, raw[size:])
    length = _LENGTH.search(unfolded)
    most = min(int(length[1]), MOST_BODY + 1) if length else MOST_BODY + 1
    return await _read_body(peer, answer, raw[size:], most=most)


async def _read_bare(peer: Peer, answer: HttpAnswer, raw: bytearray, *, whole: bool) -> HttpAnswer | Outcome:
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
        if not (data := await peer.more()):
            return searched
        raw += data
    return end.end() if end and end.end() <= MOST_HEAD else None


async def _begins_as_http(peer: Peer, raw: bytearray) -> bool:
    """Return whether *raw* begins as HTTP does, and add to it until that is certain."""
    while (beginning := bytes(raw.lstrip()[: len(_BEGINNING)])) != _BEGINNING:
        if not _BEGINNING.startswith(beginning) or len(raw) > MOST_HEAD or not (data := await peer.more()):
            return False
        raw += data
    return True


async def _read_body(peer: Peer, answer: HttpAnswer, raw: bytearray, *, most: int) -> HttpAnswer:
    """Return *answer* with a body of at most *most* bytes, of which *raw* are there already."""
    while len(raw) < most and (data := await peer.more()):
        raw += data
    answer.pieces = [bytes(raw[:most])]
    answer.cut = min(len(raw), most) > MOST_BODY
    return answer


async def _read_chunks(peer: Peer, answer: HttpAnswer, raw: bytearray) -> HttpAnswer | Outcome:
    """Return *answer* with the body that *raw*, and what follows it, holds in chunks; the end may cut it short."""
    body = bytearray()
    begin = 0
    for _ in range(_MOST_CHUNKS):
        line = await _chunk_line(peer, raw, begin)
        said = line[1] if line else raw[begin:]
        size = _CHUNK_SIZE.fullmatch(said) if line else None
        if not size and (line or len(said) > _LONGEST_SIZE):
            got = quoted(bytes(said).strip())
            return down(Reason.PROTOCOL, f"the answer's body is malformed: expected a chunk's size, but got {got}")
        count = int(size[1], 16) if size else 0
        start = line.end() if line else begin
        while len(raw) < start + count and len(body) + len(raw) - start <= MOST_BODY and await _enlarge(peer, raw):
            pass
        body += raw[start : start + count]
        begin = start + count
        if not count or len(body) > MOST_BODY or begin > len(raw):
            answer.pieces, answer.cut = [bytes(body)], len(body) > MOST_BODY
            return answer
    return _MANY_CHUNKS


async def _chunk_line(peer: Peer, raw: bytearray, begin: int) -> re.Match[bytes] | None:
    """Return the line with a chunk's size that begins in *raw* at *begin*; None where it does not end in time."""
    while not (line := _CHUNK_LINE.match(raw, begin)) and len(raw) - begin <= _LONGEST_SIZE:
        if not await _enlarge(peer, raw):
            return None
    return line


async def _enlarge(peer: Peer, raw: bytearray) -> bool:
    """Add to *raw* what comes next; return whether anything has, and may."""
    if len(raw) > MOST_WIRE or not (data := await peer.more()):
        return False
    raw += data
    return True
