"""How much clients may take, so that they can never keep the checks from what these need."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from ldirectord_py.api.tls import below


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """The numbers; a client that goes beyond them is cut off, or told 503."""

    connections: int = 32
    """At once: each takes a file descriptor, and those are the checks'.  The oldest idle one makes room for another."""
    streams: int = 32
    """Long-lived answers at once, besides those connections: they never keep a scrape from its place."""
    head_seconds: float = 10.0
    """Until a request's head has come in completely."""
    answers: int = 4
    """Long answers, such as scrapes, under way at once; each keeps some memory for its servers."""
    queue: int = 8
    """Long answers that wait for a place; so there are always connections left for who wants something else."""
    queue_seconds: float = 5.0
    """So long may one wait for its place: less than Prometheus waits for its answer."""
    answer_seconds: float = 30.0
    """For reading a long answer, so that nobody holds an old snapshot for ever."""
    connection_seconds: float = 60.0
    """From the head of a request on; more than the others together."""
    body_bytes: int = 64 * 1024
    """Of a request's body."""
    heartbeat_seconds: float = 15.0
    """After so long without news a stream says that it lives, so that nobody on the way takes it for dead."""
    stall_seconds: float = 10.0
    """So long may the reader of a stream leave unread what it was sent."""


BACKLOG = 16
"""So many connections are accepted in one go; those above the limit too hold a descriptor for a turn or two."""


class ConnectionLimiter:
    """Lets connections in as long as there is room, or one that asks for nothing makes room; none stay too long."""

    def __init__(self, limits: ClientLimits) -> None:
        self.server: Callable[[], asyncio.Protocol] | None = None
        """Who talks to those that are let in."""
        self._limits = limits
        self._guests: dict[asyncio.Transport, asyncio.TimerHandle | None] = {}
        """The oldest first, and what ends each; None: a stream, which may stay."""
        self._streams: set[asyncio.Transport] = set()
        self._asking: dict[asyncio.Transport, asyncio.Task[None] | None] = {}
        """Those of which a request is being answered, and by which task."""

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return _Guest(self)

    def let_in(self, transport: asyncio.Transport) -> asyncio.Protocol | None:
        """Return who talks to a newcomer; None: there is no room, and it has been shown out."""
        if self.server is None or not self._has_room():
            transport.abort()
            return None
        self._limit(transport, self._limits.head_seconds)
        return self.server()

    def _limit(self, transport: asyncio.Transport, seconds: float) -> None:
        """Have *transport* be shown out *seconds* from now."""
        if (timer := self._guests.get(transport)) is not None:
            timer.cancel()
        self._guests[transport] = asyncio.get_running_loop().call_later(seconds, transport.abort)

    def _has_room(self) -> bool:
        """Return whether another one may come in, for which an idle one may have to leave."""
        if len(self._guests) - len(self._streams) < self._limits.connections:
            return True
        idle = next((guest for guest in self._guests if guest not in self._asking), None)
        if idle is None:
            return False
        self.left(idle)  # its descriptor is closed in this turn of the loop
        idle.abort()
        return True

    @contextmanager
    def asking(self, transport: asyncio.BaseTransport | None) -> Iterator[None]:
        """Know that a request of this connection is being answered meanwhile."""
        stream = below(transport)
        if stream in self._guests:
            self._limit(stream, self._limits.connection_seconds)
        self._asking[stream] = asyncio.current_task()
        try:
            yield
        finally:
            self._asking.pop(stream, None)

    @contextmanager
    def streaming(self, transport: asyncio.BaseTransport | None) -> Iterator[bool]:
        """Have this connection stay meanwhile, and yield True; False: there is no room for another stream.

        The task that answers it is cancelled when the client has left.
        """
        stream = below(transport)
        timer = self._guests.get(stream)
        if timer is None or len(self._streams) >= self._limits.streams:
            yield False
            return
        timer.cancel()
        self._guests[stream] = None
        self._streams.add(stream)
        try:
            yield True
        finally:
            self._streams.discard(stream)
            if stream in self._guests:
                self._limit(stream, self._limits.stall_seconds)

    def left(self, transport: asyncio.Transport) -> None:
        """Know that a connection is over."""
        if (timer := self._guests.pop(transport, None)) is not None:
            timer.cancel()
        if transport in self._streams and (task := self._asking.get(transport)) is not None:
            task.cancel()
        self._streams.discard(transport)

    async def close(self) -> None:
        """Let nobody in any more, break off what is under way, and disconnect the clients that are still there."""
        self.server = None
        tasks = [task for task in self._asking.values() if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for guest in list(self._guests):
            guest.abort()


class _Guest(asyncio.Protocol):
    """A connection: all that happens to it is the HTTP server's, but that it came and that it is over."""

    def __init__(self, limiter: ConnectionLimiter) -> None:
        self._limiter = limiter
        self._transport: asyncio.Transport | None = None
        self._host: asyncio.Protocol = asyncio.Protocol()  # answers nothing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.Transport, transport)  # neither create_server nor create_unix_server makes another
        if (host := self._limiter.let_in(stream)) is not None:
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
            self._limiter.left(self._transport)
        self._host.connection_lost(exc)
