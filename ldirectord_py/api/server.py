"""The HTTP server: `/metrics` for Prometheus, `/-/healthy` for monitoring.

Each connection is for one request.  A scrape every few seconds loses nothing by that, and no connection
has to be kept that does nothing.
"""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from ldirectord_py.api.limits import BACKLOG, ConnectionLimiter, Limits
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.errors import DirectorError

FAREWELL_SECONDS = 2.0
"""So long may the end of the server take, whatever its clients do."""
LIMITS = Limits()


class Exposition(Protocol):
    """What the server shows at `/metrics`."""

    async def prepare(self) -> None:
        """See that what is to be shown is fresh; called before `pieces`."""
        ...

    def pieces(self, accept: str, /) -> tuple[str, Iterator[bytes]]:
        """Return the content type for this `Accept`, and the body in pieces that take well under a millisecond each."""
        ...


class Healthy(Protocol):
    """Says whether the director makes progress."""

    def __call__(self) -> bool:
        """Return at once."""
        ...


HEALTHY = web.AppKey("HEALTHY", Healthy)

INDEX = """\
ldirectord_py

/metrics    for Prometheus
/-/healthy  200 while the director makes progress, else 503
"""


async def _index(_request: web.Request) -> web.Response:
    return web.Response(text=INDEX)


async def _healthy(request: web.Request) -> web.Response:
    if request.app[HEALTHY]():
        return web.Response(text="ldirectord is healthy.\n")
    return web.Response(status=503, text="ldirectord makes no progress.\n")


class Scrapes:
    """Gives the metrics away: to a few at a time, and to all of them together no faster than to one."""

    def __init__(self, metrics: Exposition, limits: Limits) -> None:
        self._metrics = metrics
        self._limits = limits
        self._places = asyncio.Semaphore(limits.scrapes)
        self._waiting = 0
        self._turn = asyncio.Lock()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer a scrape."""
        if not await self._has_place():
            return web.Response(status=503, text="Too many scrapes are under way; try again.\n")
        try:
            return await self._scrape(request)
        finally:
            self._places.release()

    async def _has_place(self) -> bool:
        if self._waiting >= self._limits.queue:
            return False
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.queue_seconds):
                return await self._places.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1

    async def _scrape(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        try:
            async with asyncio.timeout(self._limits.scrape_seconds):
                await self._metrics.prepare()
                content_type, pieces = self._metrics.pieces(request.headers.get("Accept", ""))
                response.headers["Content-Type"] = content_type
                await response.prepare(request)
                while (piece := await self._next(pieces)) is not None:
                    if piece:
                        await response.write(piece)
                await response.write_eof()
        except (TimeoutError, ConnectionError):  # it reads too slowly, or has left
            if request.transport is not None:
                request.transport.abort()
        return response

    async def _next(self, pieces: Iterator[bytes]) -> bytes | None:
        """Return the next of *pieces*, or None: one in a turn of the loop, however many scrapes there are.

        A place would not do for that, because a scrape keeps its place while its client is slow to read.
        """
        async with self._turn:
            piece = next(pieces, None)
            await asyncio.sleep(0)  # checks first
        return piece


async def _only_once(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Connection"] = "close"
    response.force_close()


def application(metrics: Exposition, healthy: Healthy, limits: Limits, door: ConnectionLimiter) -> web.Application:
    """Return the application, which knows its directors by *metrics* and *healthy* alone."""

    @web.middleware
    async def occupied(request: web.Request, handler: Handler) -> web.StreamResponse:
        with door.asking(request.transport):
            return await handler(request)

    app = web.Application(middlewares=[occupied])
    app[HEALTHY] = healthy
    app.router.add_get("/", _index)
    app.router.add_get("/-/healthy", _healthy)
    app.router.add_get("/metrics", Scrapes(metrics, limits).__call__, allow_head=False)
    app.on_response_prepare.append(_only_once)
    return app


@asynccontextmanager
async def serve(
    endpoint: Endpoint, *, metrics: Exposition, healthy: Healthy, limits: Limits = LIMITS
) -> AsyncIterator[Endpoint]:
    """Serve on *endpoint* (port 0: any that is free) and yield where it is; ends within `FAREWELL_SECONDS`.

    Raises `DirectorError` where nobody can listen there.  There is no authentication: listen on the
    loopback, or where only friends can reach.
    """
    door = ConnectionLimiter(limits)
    runner = web.AppRunner(
        application(metrics, healthy, limits, door),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=FAREWELL_SECONDS / 2,
    )
    await runner.setup()
    door.server = runner.server
    try:
        listener = await _listen(door, endpoint)
        try:
            address, port = listener.sockets[0].getsockname()[:2]
            yield Endpoint(ip_address(address), port)
        finally:
            listener.close()
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await runner.cleanup()
        door.close()


async def _listen(door: ConnectionLimiter, endpoint: Endpoint) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(
            door, str(endpoint.address), endpoint.port, backlog=BACKLOG
        )
    except OSError as error:
        # from Python 3.13 on, asyncio says of an address that is not ours only that it could not bind
        why = os.strerror(error.errno or errno.EADDRNOTAVAIL)
        raise DirectorError(
            f"cannot listen on {endpoint} for metrics: {why}; choose another address or port, or free this one"
        ) from error
