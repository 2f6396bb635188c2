"""TLS between a connection and what speaks HTTP over it.

A handshake takes OpenSSL a millisecond or more, and anybody may begin one: so a thread computes them, one at a time,
and checks go on meanwhile.  What clients send afterwards is given to OpenSSL in pieces, one in a turn of the loop for
all connections together, since a piece may hold many records that each take some time.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.system.daemon_thread import Threads

PIECE = 1024
"""Bytes of a client that OpenSSL is given in a turn: as many as 37 changes of keys, which take it 20 to 80 µs each."""
LARGEST_HANDSHAKE = 64 * 1024
"""Bytes of a client before the handshake is done; OpenSSL takes 100 KiB of certificates alone."""
_MOST_READ = 64 * 1024
_HANDSHAKE = b"\x16"  # with what a record of a handshake begins (RFC 8446 §5.1)
_NO_TLS = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nConnection: close\r\n\r\n"
    b'{"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "TLS is spoken here: ask by https://"}'
)


class TlsLayer:
    """What the connections of one listener share: the thread for handshakes, and the turns for what comes after."""

    def __init__(self, context: Callable[[], ssl.SSLContext | None]) -> None:
        """*context* returns what is in force; None: there is no TLS."""
        self._context = context
        self.handshakes = Threads(1)
        self._waiting: deque[Callable[[], None]] = deque()

    def protocol(self, above: Callable[[], asyncio.Protocol]) -> asyncio.Protocol:
        """Return the protocol of a new connection, over which that of *above* speaks, in clear if there is no TLS."""
        context = self._context()
        return above() if context is None else _TlsProtocol(self, context, above)

    def in_turn(self, work: Callable[[], None]) -> None:
        """Have *work* done in a turn of the loop in which no other is."""
        self._waiting.append(work)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        try:
            self._waiting[0]()
        finally:
            self._waiting.popleft()
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._next)


def below(transport: asyncio.BaseTransport | None) -> asyncio.Transport:
    """Return the connection that *transport* speaks over: itself, if that is without TLS."""
    found = transport if transport is None else transport.get_extra_info("below", transport)
    return cast(asyncio.Transport, found)  # None, if the client has left, is no connection that anybody knows


class _TlsProtocol(asyncio.Protocol):
    """One connection: bytes of the network below, and what they mean above."""

    below: asyncio.Transport

    def __init__(self, layer: TlsLayer, context: ssl.SSLContext, above: Callable[[], asyncio.Protocol]) -> None:
        self._layer = layer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._make_above = above
        self._above: asyncio.Protocol | None = None
        """None: the handshake is not done."""
        self._unread = bytearray()
        self._received = 0
        self._is_shaking = self._is_waiting = False
        """A thread has the connection; it waits for its turn."""
        self._is_choked = False
        """What was sent to the client is left unread: it is answered no more."""
        self.is_paused = False
        """What is above wants no more."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.below = transport  # type: ignore[assignment]  # the limiter hands on no other

    def data_received(self, data: bytes) -> None:
        if not self._received and not data.startswith(_HANDSHAKE):
            self.below.write(_NO_TLS)
            self.below.close()
            return
        self._received += len(data)
        self._unread += data
        if self._above is None and self._received > LARGEST_HANDSHAKE:
            self.below.abort()
            return
        self.below.pause_reading()
        self.go_on()

    def go_on(self) -> None:
        """Take what has come, in turn, if it may be taken."""
        if self._is_shaking or self._is_waiting or self._is_choked or self.is_paused or self.below.is_closing():
            return
        if not self._unread:
            self.below.resume_reading()
        elif self._above is None:
            self._shake()
        else:
            self._is_waiting = True
            self._layer.in_turn(self._take_piece)

    def _shake(self) -> None:
        self._incoming.write(self._unread)
        self._unread.clear()
        self._is_shaking = True
        self._layer.handshakes.in_thread(self.tls.do_handshake).add_done_callback(self._shaken)

    def _shaken(self, done: asyncio.Future[None]) -> None:
        self._is_shaking = False
        if self.below.is_closing():
            return
        self.flush()  # an alert, too
        match done.exception():
            case None:
                self._above = self._make_above()
                self._above.connection_made(_TlsTransport(self))
                self._read(self._above)  # what came with the end of the handshake
            case ssl.SSLWantReadError():
                pass
            case ssl.SSLError() | CheckUnavailable():
                self.below.close()
            case error:
                self.below.abort()
                raise error
        self.go_on()

    def _take_piece(self) -> None:
        self._is_waiting = False
        if self._above is None or self.below.is_closing():
            return
        self._incoming.write(self._unread[:PIECE])
        del self._unread[:PIECE]
        self._read(self._above)
        self.go_on()

    def _read(self, above: asyncio.Protocol) -> None:
        """Hand *above* what OpenSSL can read now."""
        try:
            while data := self.tls.read(_MOST_READ):
                above.data_received(data)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            return  # the client says no more, and may still listen
        except ssl.SSLError:
            self.flush()
            self.below.close()
            return
        self.flush()

    def flush(self) -> None:
        """Send what OpenSSL has to send."""
        if data := self._outgoing.read():
            self.below.write(data)

    def eof_received(self) -> bool | None:
        return None if self._above is None else self._above.eof_received()

    def pause_writing(self) -> None:
        self._is_choked = True
        if self._above is not None:
            self._above.pause_writing()

    def resume_writing(self) -> None:
        self._is_choked = False
        if self._above is not None:
            self._above.resume_writing()
        self.go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unread.clear()
        if self._above is not None:
            self._above.connection_lost(exc)


class _TlsTransport(asyncio.Transport):
    """What HTTP is spoken over: the connection below, with TLS."""

    def __init__(self, protocol: _TlsProtocol) -> None:
        super().__init__()
        self._protocol = protocol
        self._below = protocol.below
        self._own = {"ssl_object": protocol.tls, "sslcontext": protocol.tls.context, "below": protocol.below}

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._own.get(name) or self._below.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self._below.is_closing()

    def close(self) -> None:
        if not self._below.is_closing():
            with suppress(ssl.SSLError):  # the client's close_notify has not come yet
                self._protocol.tls.unwrap()
            self._protocol.flush()
            self._below.close()

    def abort(self) -> None:
        self._below.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if data and not self._below.is_closing():
            self._protocol.tls.write(data)
            self._protocol.flush()

    def pause_reading(self) -> None:
        self._protocol.is_paused = True

    def resume_reading(self) -> None:
        self._protocol.is_paused = False
        self._protocol.go_on()

    def is_reading(self) -> bool:
        return not self._protocol.is_paused

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return self._below.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._below.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._below.set_write_buffer_limits(high, low)
