"""What a conversation reads, as it wants it: a line, so many bytes, whatever there is."""

from collections.abc import Generator
from types import coroutine

from ldirectord_py.model.checks.conversation import PeerClosed, PeerTooLong
from ldirectord_py.probing.turns import A_LINE, A_TURN

MOST = 1 << 20
"""Bytes that one conversation may read."""


@coroutine
def news() -> Generator[None, None, None]:
    """Suspend the conversation until its socket has news."""
    yield


class ReceiveBuffer:
    """Reads for a conversation what comes in pieces of any size."""

    __slots__ = ("_buffer", "_left", "_refused", "_work")

    def __init__(self) -> None:
        self._work = 0
        self._begin_anew()

    def _begin_anew(self) -> None:
        """Forget what was read: what comes next is of another connection."""
        self._buffer = b""
        self._left = MOST
        self._refused: OSError | None = None

    async def some(self) -> bytes:
        """See `Peer.some`."""
        if self._buffer:
            data, self._buffer = self._buffer, b""
            return data
        return await self._receive()

    async def more(self) -> bytes:
        """See `Peer.more`."""
        try:
            return await self.some()
        except (BrokenPipeError, ConnectionResetError):
            if self._left < MOST:
                return b""
            raise

    async def line(self) -> bytes:
        """See `Peer.line`."""
        buffer = self._buffer
        while (end := buffer.find(b"\n")) < 0:
            if not (more := await self._receive()):
                raise PeerClosed("the server ended the connection before the end of a line")
            buffer += more
        self._buffer = buffer[end + 1 :]
        if self._is_enough(A_LINE):
            await self._give_way()
        return buffer[:end].removesuffix(b"\r")

    async def exactly(self, count: int) -> bytes:
        """See `Peer.exactly`."""
        buffer = self._buffer
        while len(buffer) < count:
            if not (more := await self._receive()):
                raise PeerClosed(f"the server ended the connection after {len(buffer)} of {count} bytes")
            buffer += more
        self._buffer = buffer[count:]
        return buffer[:count]

    async def _receive(self) -> bytes:
        """Return what has come, at least one byte; nothing at the end, or what a call of `send` met."""
        raise NotImplementedError

    async def took_apart(self) -> None:
        """See `Peer.took_apart`."""
        if self._is_enough(A_LINE):
            await self._give_way()

    async def _give_way(self) -> None:
        """Go on in the next turn of the loop: a long answer may be there all at once, and others wait."""
        raise NotImplementedError

    def _is_enough(self, work: int) -> bool:
        """Take note of *work* done; return whether that is enough for one turn of the loop."""
        self._work += work
        return self._work >= A_TURN

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise PeerTooLong(f"the server sent more than {MOST} bytes")
