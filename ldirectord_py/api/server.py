"""The HTTP server: `/metrics` for Prometheus, `/-/healthy` for whoever watches the watcher."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Protocol

from aiohttp import web

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.errors import DirectorError

SCRAPE_SECONDS = 30.0
"""Whoever takes longer to read the metrics is cut off, so that nobody holds an old snapshot for ever."""
FAREWELL_SECONDS = 2.0
"""So long may the end of the server take, whatever its clients do."""


class Exposition(Protocol):
    """What the server shows at `/metrics`."""

    def pieces(self, accept: str, /) -> tuple[str, Iterator[bytes]]:
        """Return the content type for this `Accept`, and the body in pieces that take well under a millisecond each."""
        ...


class Healthy(Protocol):
    """Says whether the director makes progress."""

    def __call__(self) -> bool:
        """Return at once."""
        ...


METRICS = web.AppKey("METRICS", Exposition)
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


async def _metrics(request: web.Request) -> web.StreamResponse:
    content_type, pieces = request.app[METRICS].pieces(request.headers.get("Accept", ""))
    response = web.StreamResponse(headers={"Content-Type": content_type})
    await response.prepare(request)
    try:
        async with asyncio.timeout(SCRAPE_SECONDS):
            for piece in pieces:
                if piece:
                    await response.write(piece)
                await asyncio.sleep(0)  # checks first: writing waits only when the client is slow
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response


def application(metrics: Exposition, healthy: Healthy) -> web.Application:
    """Return the application, which knows its directors by *metrics* and *healthy* alone."""
    app = web.Application()
    app[METRICS] = metrics
    app[HEALTHY] = healthy
    app.router.add_get("/", _index)
    app.router.add_get("/-/healthy", _healthy)
    app.router.add_get("/metrics", _metrics, allow_head=False)
    return app


@asynccontextmanager
async def serve(endpoint: Endpoint, *, metrics: Exposition, healthy: Healthy) -> AsyncIterator[Endpoint]:
    """Serve on *endpoint* (port 0: any that is free) and yield where it is; ends within `FAREWELL_SECONDS`.

    Raises `DirectorError` where nobody can listen there.  There is no authentication: listen on the
    loopback, or where only friends can reach.
    """
    runner = web.AppRunner(
        application(metrics, healthy), access_log=None, handle_signals=False, shutdown_timeout=FAREWELL_SECONDS / 2
    )
    await runner.setup()
    try:
        yield await _listen(runner, endpoint)
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await runner.cleanup()


async def _listen(runner: web.AppRunner, endpoint: Endpoint) -> Endpoint:
    try:
        await web.TCPSite(runner, str(endpoint.address), endpoint.port).start()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise DirectorError(
            f"cannot listen on {endpoint} for metrics: {why}; choose another address or port, or free this one"
        ) from error
    address, port = runner.addresses[0][:2]
    return Endpoint(ip_address(address), port)
