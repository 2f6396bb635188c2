"""Looks at what a PostgreSQL server asks for before asyncpg answers: it would give the password in clear.

asyncpg hands its protocol to a transport of the loop's; so a loop of ours can put something between the two.
"""

import asyncio
from typing import Any

from ldirectord_py.checks.databases.worker_loop import DatabaseLoop

_HEAD = 5  # a byte that says what it is, and the length, which counts itself (PostgreSQL's protocol, "Message Formats")
_AUTHENTICATION, _READY = b"R", b"Z"
_IN_CLEAR = 3


class WatchingLoop(DatabaseLoop):
    """A loop that ends a connection on which the password is asked for in clear, unless that is allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.cleartext = self.asked_in_clear = False

    def begin(self, *, cleartext: bool) -> None:
        """Begin with another server."""
        self.cleartext, self.asked_in_clear = cleartext, False

    async def create_connection(self, *words: Any, **more: Any) -> tuple[Any, Any]:
        """See `DatabaseLoop.create_connection`."""
        transport, protocol = await super().create_connection(*words, **more)
        return _Transport(transport, self), protocol

    async def start_tls(self, transport: Any, *words: Any, **more: Any) -> Any:
        """See `asyncio.loop.start_tls`."""
        under_tls = await super().start_tls(transport.inner, *words, **more)
        return under_tls and _Transport(under_tls, self)


class _Transport:
    """A transport whose next protocol is watched."""

    def __init__(self, inner: Any, loop: WatchingLoop) -> None:
        self.inner = inner
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def set_protocol(self, protocol: Any) -> None:
        self.inner.set_protocol(_Watched(protocol, self.inner, self._loop))


class _Watched(asyncio.Protocol):
    """Hands on what comes, until the server asks for the password in clear."""

    def __init__(self, inner: Any, transport: Any, loop: WatchingLoop) -> None:
        self._inner = inner
        self._transport = transport
        self._loop = loop
        self._buffer = b""
        self._watching = not loop.cleartext

    def data_received(self, data: bytes) -> None:
        if self._watching:
            self._buffer += data
            if self._is_asked_in_clear():
                self._loop.asked_in_clear = True
                self._transport.abort()
                return
        self._inner.data_received(data)

    def eof_received(self) -> Any:
        return self._inner.eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        self._inner.connection_lost(error)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def _is_asked_in_clear(self) -> bool:
        """Look at each message until the server is ready for statements; keep what has not come wholly."""
        while len(self._buffer) >= _HEAD:
            kind, length = self._buffer[:1], int.from_bytes(self._buffer[1:_HEAD], "big")
            if len(self._buffer) < 1 + max(length, 4):
                return False
            if kind == _AUTHENTICATION and int.from_bytes(self._buffer[_HEAD : _HEAD + 4], "big") == _IN_CLEAR:
                return True
            if kind == _READY:
                self._watching, self._buffer = False, b""
                return False
            self._buffer = self._buffer[1 + max(length, 4) :]
        return False
