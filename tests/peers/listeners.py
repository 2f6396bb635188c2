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


@asynccontextmanager
async def serving(
    answer: Answer, context: ssl.SSLContext | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Endpoint]:
    """Serve *answer* on a port of loopback, a free one by default; leave no handler behind.

    A context means TLS.
    """

    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.current_task())  # type: ignore[arg-type]  # a handler runs in a task
        # Cancelled only by us, below; asyncio's streams take a cancelled handler for an error.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, host, port, ssl=context)
    async with server:
        yield Endpoint(ip_address(host), server.sockets[0].getsockname()[1])
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers)


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
