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

from aiohttp import web
from aiohttp.typedefs import Handler

from ldirectord_py.api.limits import BACKLOG, ConnectionLimiter, Limits
from ldirectord_py.api.pieces import PieceSender
from ldirectord_py.api.ports import Exposition, Healthy
from ldirectord_py.api.problems import RequestRefused
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.errors import DirectorError

FAREWELL_SECONDS = 2.0
"""So long may the end of the server take, whatever its clients do."""
LIMITS = Limits()


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
    """Gives the metrics away."""

    def __init__(self, metrics: Exposition, sender: PieceSender) -> None:
        self._metrics = metrics
        self._sender = sender

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer a scrape."""

        async def begin() -> tuple[str, Iterator[bytes]]:
            await self._metrics.prepare()
            return self._metrics.pieces(request.headers.get("Accept", ""))

        try:
            return await self._sender.send(request, begin)
        except RequestRefused as refused:
            return web.Response(status=refused.status, text=f"{refused}\n")


async def only_once(_request: web.Request, response: web.StreamResponse) -> None:
    """End the connection after *response*."""
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
    app.router.add_get("/metrics", Scrapes(metrics, PieceSender(limits)).__call__, allow_head=False)
    app.on_response_prepare.append(only_once)
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
    async with talking(application(metrics, healthy, limits, door), door):
        listener = await _listen(door, endpoint)
        try:
            address, port = listener.sockets[0].getsockname()[:2]
            yield Endpoint(ip_address(address), port)
        finally:
            listener.close()


@asynccontextmanager
async def talking(app: web.Application, door: ConnectionLimiter) -> AsyncIterator[None]:
    """Have *app* answer those whom *door* lets in; at the end, what is under way is broken off."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=FAREWELL_SECONDS / 2)
    await runner.setup()
    door.server = runner.server
    try:
        yield
    finally:
        await door.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await runner.cleanup()


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
