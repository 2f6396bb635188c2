"""How much clients may take, so that they can never keep the checks from what these need."""

import asyncio
from dataclasses import dataclass
from typing import cast

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The numbers; whoever goes beyond them is cut off, or told 503."""

    connections: int = 32
    """At once: each takes a file descriptor, and those are the checks'."""
    head_seconds: float = 10.0
    """Until a request's head has come in completely."""
    scrapes: int = 4
    """Under way at once; each keeps some memory for its servers."""
    queue_seconds: float = 5.0
    """So long may a scrape wait for its place: less than Prometheus waits for its answer."""
    scrape_seconds: float = 30.0
    """For reading the metrics, so that nobody holds an old snapshot for ever."""
    connection_seconds: float = 60.0
    """For everything; more than the others together."""


BACKLOG = 16
"""So many connections are accepted in one go; those above the limit too hold a descriptor for a turn or two."""


class Door:
    """Lets connections in to *server* as long as there is room, and none stay too long."""

    def __init__(self, server: web.Server, limits: Limits) -> None:
        self._server = server
        self._limits = limits
        self._guests: dict[asyncio.Transport, asyncio.TimerHandle] = {}

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return _Guest(self)

    def let_in(self, transport: asyncio.Transport) -> asyncio.Protocol | None:
        """Return who talks to a newcomer; None: there is no room, and it has been shown out."""
        if len(self._guests) >= self._limits.connections:
            transport.abort()
            return None
        loop = asyncio.get_running_loop()
        self._guests[transport] = loop.call_later(self._limits.connection_seconds, transport.abort)
        return self._server()

    def left(self, transport: asyncio.Transport) -> None:
        """Know that a connection is over."""
        if (timer := self._guests.pop(transport, None)) is not None:
            timer.cancel()

    def close(self) -> None:
        """Show out whoever is still there."""
        for guest in self._guests:
            guest.abort()


class _Guest(asyncio.Protocol):
    """A connection: all that happens to it is the HTTP server's, but that it came and that it is over."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._transport: asyncio.Transport | None = None
        self._host: asyncio.Protocol = asyncio.Protocol()  # answers nothing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.Transport, transport)  # create_server makes no other
        if (host := self._door.let_in(stream)) is not None:
            self._transport, self._host = stream, host
            host.connection_made(stream)

    def data_received(self, data: bytes) -> None:
        self._host.data_received(data)

    def eof_received(self) -> bool | None:
        return self._host.eof_received()

    def pause_writing(self) -> None:
        self._host.pause_writing()

    def resume_writing(self) -> None:
        self._host.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._door.left(self._transport)
        self._host.connection_lost(exc)
