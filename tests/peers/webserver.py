"""A small web server that a test can switch: what it answers, whether it answers, and who asked for what.

It runs in a thread of the test's own process and is handed its listening sockets, so that one server may listen in
several network namespaces and be steered through plain attributes, without a control channel.
"""

import asyncio
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from threading import Thread
from typing import Self, cast

from tests.peers.patience import PATIENCE

ALIVE = b"I'm alive!"
_TURNS = 4
"""Of the loop, until a connection that was accepted is a conversation."""
HEAD_LIMIT = 64 * 1024


class Behaviour(StrEnum):
    """What a site does with those who connect."""

    SERVE = "serve"
    HANG = "hang"  # accepts and reads, never answers
    CLOSE = "close"  # reads the request, then closes without an answer
    RESET = "reset"  # resets the connection as soon as it is accepted


@dataclass(frozen=True, slots=True)
class Page:
    """What a path answers."""

    body: bytes
    status: int = HTTPStatus.OK


@dataclass(eq=False, slots=True)
class Site:
    """One web site; the test writes *behaviour* and *pages*, the server reads them at each request."""

    name: str
    behaviour: Behaviour = Behaviour.SERVE
    pages: dict[str, Page] = field(default_factory=lambda: {"/alive.html": Page(ALIVE)})
    requests: Counter[str] = field(default_factory=Counter)
    """How often each path was asked for, over every address."""
    conversations: set["Conversation"] = field(default_factory=set)
    """The connections that are open now."""

    def alive(self) -> None:
        """Serve again, with the page that checks look for."""
        self.behaviour = Behaviour.SERVE
        self.pages["/alive.html"] = Page(ALIVE)

    def sick(self, body: bytes = b"I'm afraid not") -> None:
        """Go on serving, but without the words that checks look for."""
        self.pages["/alive.html"] = Page(body)

    def visits(self) -> int:
        """Return how many requests came from clients, that is for anything but the page that checks ask for."""
        return self.requests.total() - self.requests["/alive.html"]

    def answer(self, path: str, host: str = "") -> Page:
        """Return the page for *path*: its own, or the site's name, so that a client sees who served it.

        A page of `HOST/PATH` is only for those who ask for that host.
        """
        self.requests[path] += 1
        return self.pages.get(f"{host}{path}") or self.pages.get(path, Page(self.name.encode()))


class Conversation(asyncio.Protocol):
    """One client's connection, kept open from request to request as HTTP/1.1 has it (RFC 9112 §9.3)."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._site.conversations.add(self)
        if self._site.behaviour is Behaviour.RESET:
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

    def abort(self) -> None:
        """End the connection at once, whatever is under way."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._site.conversations.discard(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > HEAD_LIMIT:
            self._transport.abort()
        while b"\r\n\r\n" in self._received and not self._transport.is_closing():
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._respond(head.decode("latin-1"))

    def _respond(self, head: str) -> None:
        method, path, *_ = [*head.split("\r\n", 1)[0].split(" "), "", ""]
        page = self._site.answer(path, _host(head))
        match self._site.behaviour:
            case Behaviour.HANG:
                return
            case Behaviour.CLOSE | Behaviour.RESET:
                self._transport.close()
                return
            case Behaviour.SERVE:
                pass
        last = "connection: close" in head.lower() or "http/1.0" in head.lower()
        lines = (
            f"HTTP/1.1 {page.status} {HTTPStatus(page.status).phrase}",
            f"Content-Length: {len(page.body)}",
            "Content-Type: text/plain",
            f"Connection: {'close' if last else 'keep-alive'}",
        )
        body = b"" if method == "HEAD" else page.body
        self._transport.write("\r\n".join((*lines, "", "")).encode() + body)
        if last:
            self._transport.close()


def _host(head: str) -> str:
    lines = (line.partition(":") for line in head.split("\r\n"))
    return next((value.strip() for name, _, value in lines if name.lower() == "host"), "")


class _Datagrams(asyncio.DatagramProtocol):
    """Answers every datagram with the site's name."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is no subclass of it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        page = self._site.answer("datagram")
        if self._site.behaviour is Behaviour.SERVE:
            self._transport.sendto(page.body, addr)


class WebServer:
    """Serves any number of sites from one thread; use it in a `with` block."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="webserver", daemon=True)
        self._sites: set[Site] = set()
        self._listening: dict[Site, list[Callable[[], None]]] = {}
        self._accepting: dict[Site, list[socket.socket]] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def serve(self, site: Site, listener: socket.socket, *, tls: ssl.SSLContext | None = None) -> None:
        """Let *site* answer on *listener*: a listening TCP socket or a bound UDP one, which is ours from now on."""
        self._run(self._open(site, listener, tls))

    def refuse(self, site: Site) -> None:
        """Close the listening sockets of *site*, so that new connections are refused; those that are open go on."""
        self._run(self._close(site))

    def kill(self, site: Site) -> None:
        """Do the same, and reset those that are open, as a program's death does."""
        self._run(self._close(site))
        self._run(_abort(site))

    async def _open(self, site: Site, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        listener.setblocking(False)
        self._sites.add(site)
        if listener.type == socket.SOCK_DGRAM:
            transport, _ = await self._loop.create_datagram_endpoint(lambda: _Datagrams(site), sock=listener)
            close: Callable[[], None] = transport.close
        else:
            server = await self._loop.create_server(lambda: Conversation(site), sock=listener, ssl=tls)
            self._accepting.setdefault(site, []).append(listener)
            close = server.close
        self._listening.setdefault(site, []).append(close)

    async def _close(self, site: Site) -> None:
        # What was accepted just now becomes a conversation first: asyncio's server forgets it once it is closed.
        for listener in self._accepting.pop(site, []):
            self._loop.remove_reader(listener.fileno())
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        for close in self._listening.pop(site, []):
            close()

    async def _end(self) -> None:
        for site in self._sites:
            await self._close(site)
            await _abort(site)
        await asyncio.sleep(0)  # a turn of the loop, in which transports close their sockets

    def _run(self, coroutine: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=PATIENCE)


async def _abort(site: Site) -> None:
    for conversation in tuple(site.conversations):
        conversation.abort()
