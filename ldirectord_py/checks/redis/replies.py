"""Commands and replies of Redis: RESP, version 2 (https://redis.io/docs/latest/develop/reference/protocol-spec/)."""

import re
from collections.abc import Sequence

from ldirectord_py.model.checks.conversation import Peer, PeerClosed, PeerTooLong

MOST_BYTES = 64 * 1024
"""Bytes of all the replies together."""
MOST_VALUES = 1024
"""Values in them, those within arrays counted one by one."""
DEEPEST = 8
"""Arrays within arrays."""

_END = b"\r\n"
_LENGTH = re.compile(rb"-1|[0-9]{1,10}")


class RedisReplyError(Exception):
    """What came is no reply; the message says what it is."""


class ErrorReply(Exception):
    """The reply is an error: `args[0]` is its text, without the minus."""


def command(words: Sequence[bytes]) -> bytes:
    """Return a command as it is sent: an array of bulk strings."""
    bulks = (b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
    return b"*%d\r\n%b" % (len(words), b"".join(bulks))


class Replies:
    """The replies of a server, read one after another; together they are bounded."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._buffer = bytearray()
        self._at = 0
        """How much of it has been read."""
        self._values = 0

    async def next(self) -> bytes:
        """Return the text of the next reply: of an array, that of its elements, a line each; of a nil, nothing.

        Raises `ErrorReply`, `RedisReplyError`, `PeerClosed` and `PeerTooLong`.
        """
        return await self._value(0)

    async def _value(self, depth: int) -> bytes:
        self._values += 1
        if self._values > MOST_VALUES or depth > DEEPEST:
            raise PeerTooLong(f"the reply has more than {MOST_VALUES} values, or arrays {DEEPEST} deep and more")
        line = await self._line()
        await self._peer.took_apart()
        match line[:1]:
            case b"+" | b":":
                return line[1:]
            case b"-":
                raise ErrorReply(line[1:])
            case b"$":
                return await self._bulk(_length(line))
            case b"*":
                return b"\n".join([await self._value(depth + 1) for _ in range(_length(line))])
            case _:
                raise RedisReplyError(line)

    async def _line(self) -> bytes:
        searched = self._at
        while (end := self._buffer.find(_END, searched)) < 0:
            searched = max(self._at, len(self._buffer) - 1)
            await self._more()
        line = bytes(self._buffer[self._at : end])
        self._at = end + len(_END)
        return line

    async def _bulk(self, size: int) -> bytes:
        if size < 0:
            return b""
        end = self._at + size
        if end > MOST_BYTES:
            raise _too_long()
        while len(self._buffer) < end + len(_END):
            await self._more()
        if self._buffer[end : end + len(_END)] != _END:
            raise RedisReplyError(bytes(self._buffer[end : end + len(_END)]))
        text = bytes(self._buffer[self._at : end])
        self._at = end + len(_END)
        return text

    async def _more(self) -> None:
        if len(self._buffer) > MOST_BYTES:
            raise _too_long()
        if not (data := await self._peer.some()):
            raise PeerClosed("the server closed the connection before its reply was complete")
        self._buffer += data


def _length(line: bytes) -> int:
    if not _LENGTH.fullmatch(line, 1):
        raise RedisReplyError(line)
    return int(line[1:])


def _too_long() -> PeerTooLong:
    return PeerTooLong(f"the reply did not end within {MOST_BYTES // 1024} KiB")
