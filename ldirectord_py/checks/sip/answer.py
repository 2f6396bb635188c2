"""Reading SIP answers (RFC 3261 §7), from a stream or a datagram."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down

MOST_HEAD = 16 * 1024
"""Bytes of an answer until the empty line that ends its headers."""
MOST_LINES = 500
"""Lines of an answer until then, so that to read them takes no time worth mentioning."""
MOST_BODY = 64 * 1024
"""Bytes of an answer's body, passed over where another answer is to follow."""

_STATUS = re.compile(rb"SIP/2\.0[ \t]++(\d{3})(?:[ \t]++([^\r\n]*+))?\r?\Z")  # possessive: blanks take linear time
_COMPACT = {b"i": b"call-id", b"l": b"content-length"}
"""The short names of headers that we look at, RFC 3261 §20."""
_LONG_HEAD = down(Reason.TOO_LONG, f"the answer's headers did not end within {MOST_HEAD // 1024} KiB")
_MANY_LINES = down(Reason.TOO_LONG, f"the answer's headers did not end within {MOST_LINES} lines")
_LONG_BODY = down(Reason.TOO_LONG, f"the answer's body is longer than {MOST_BODY // 1024} KiB")
_EMPTY = down(Reason.CLOSED, "the server answered with an empty datagram")


Shown = Callable[[bytes], str]
"""Quotes what a server said, without what it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SipAnswer:
    """The status line and the headers of an answer."""

    status: int
    phrase: bytes
    """Status and reason, as they came."""
    headers: tuple[tuple[bytes, bytes], ...]
    """Names in small letters."""

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of the header *name*."""
        return [value for found, value in self.headers if found == name]

    def is_about(self, call_id: bytes, number: int) -> bool:
        """Return whether it answers the request *number* of the call, as far as it says."""
        sequence = [value.split()[:1] for value in self.values(b"cseq")]
        return all(value == call_id for value in self.values(b"call-id")) and all(
            value == [b"%d" % number] for value in sequence
        )


async def read_datagram(peer: Peer, shown: Shown) -> SipAnswer | Outcome:
    """Return the answer in the next datagram, or what is wrong with it."""
    if not (data := await peer.some()):
        return _EMPTY
    lines = re.split(rb"\r?\n", data.lstrip(b"\r\n"), maxsplit=MOST_LINES)
    if len(lines) > MOST_LINES and b"" not in lines[:MOST_LINES]:
        return _MANY_LINES
    return _parsed(lines, shown)


async def read_stream(peer: Peer, shown: Shown) -> SipAnswer | Outcome:
    """Return the next answer of a stream without its body, or what is wrong with it."""
    lines: list[bytes] = []
    size = 0
    while (line := await peer.line()) or not lines:
        size += len(line) + 2
        if size > MOST_HEAD:
            return _LONG_HEAD
        if len(lines) == MOST_LINES:
            return _MANY_LINES
        if line:  # those in front are for keeping connections alive, RFC 3261 §7.5
            lines.append(line)
            if len(lines) == 1 and not _STATUS.match(line):
                break  # not SIP, so that an empty line may never come
    answer = _parsed(lines, shown)
    if isinstance(answer, SipAnswer) and (length := _length(answer)):
        if length > MOST_BODY:
            return _LONG_BODY
        await peer.exactly(length)
    return answer


def _parsed(lines: list[bytes], shown: Shown) -> SipAnswer | Outcome:
    status = _STATUS.match(lines[0])
    if status is None:
        return down(Reason.PROTOCOL, f"expected a SIP status line, but got {shown(lines[0])}")
    headers: list[tuple[bytes, bytes]] = []
    for line in lines[1:]:
        if not line:
            break
        if line[:1] in b" \t" and headers:  # folded, RFC 3261 §7.3.1
            name, value = headers.pop()
            headers.append((name, value + b" " + line.strip()))
        else:
            name, _, value = line.partition(b":")
            name = name.strip().lower()
            headers.append((_COMPACT.get(name, name), value.strip()))
    phrase = status[1] + (b" " + status[2].strip() if status[2] else b"")
    return SipAnswer(status=int(status[1]), phrase=phrase, headers=tuple(headers))


def _length(answer: SipAnswer) -> int:
    """Return the length of the body; 0 where it is not said, or not in figures."""
    return next((int(value) for value in answer.values(b"content-length") if re.fullmatch(rb"\d{1,9}", value)), 0)
