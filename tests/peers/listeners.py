"""Real servers on loopback, whose answer a test writes itself."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from ipaddress import ip_address

from ldirectord_py.model.address import Endpoint

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LOOPBACK = ip_address("127.0.0.1")


_TURNS = 10
"""Turns of the loop within which a connection that the kernel has made gets its handler, with some to spare."""


class _Connection(asyncio.StreamReaderProtocol):
    """One whose transport is among *transports* while it stands."""

    def __init__(self, transports: set[asyncio.BaseTransport], handle: Answer) -> None:
        super().__init__(asyncio.StreamReader(), handle)
        self._transports = transports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._mine = transport
        self._transports.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._transports.discard(self._mine)


@asynccontextmanager
async def serving(
    answer: Answer, context: ssl.SSLContext | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Endpoint]:
    """Serve *answer* on a port of loopback, a free one by default; leave no handler and no connection behind.

    A context means TLS.
    """

    handlers: set[asyncio.Task[None]] = set()
    transports: set[asyncio.BaseTransport] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.current_task())  # a handler runs in a task
        # Cancelled only by us, below; asyncio's streams take a cancelled handler for an error.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await answer(reader, writer)
        writer.close()

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(transports, handle), host, port, ssl=context)
    async with server:
        yield Endpoint(ip_address(host), server.sockets[0].getsockname()[1])
        # A check may be over before its connection is accepted here; a handler that has not begun cannot end it.
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        server.close()
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers)
        for transport in list(transports):
            transport.abort()  # whatever is left to be sent
        while transports:
            await asyncio.sleep(0)


@contextmanager
def accepting(answer: Callable[[socket.socket], None]) -> Iterator[Endpoint]:
    """Serve *answer* from a thread, one connection after the other, for what asyncio's servers cannot do."""

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    answer(connection)

    listener = socket.create_server(("127.0.0.1", 0))
    server = threading.Thread(target=serve, args=(listener,))
    server.start()
    try:
        yield Endpoint(LOOPBACK, listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        server.join()
