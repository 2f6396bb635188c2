"""Where the applications are served: TCP listeners, and the unix socket.

Each connection is for one request.  A scrape every few seconds loses nothing by that, and no connection
has to be kept that does nothing.
"""

import asyncio
import errno
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web

from ldirectord_py.api.application import application
from ldirectord_py.api.limits import BACKLOG, ClientLimits, ConnectionLimiter
from ldirectord_py.api.ports import Ports
from ldirectord_py.api.problems import problem
from ldirectord_py.api.tls import TlsLayer
from ldirectord_py.api.unix_socket import bound
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.errors import DirectorError

FAREWELL_SECONDS = 2.0
"""So long may the end of the server take, whatever its clients do."""
LIMITS = ClientLimits()
_QUIET = logging.Logger("http", logging.CRITICAL + 1)  # noqa: LOG001  # out of every hierarchy
"""What clients do wrong is told to them, and to nobody else: they could fill any log."""


@asynccontextmanager
async def serve(endpoint: Endpoint, ports: Ports, limits: ClientLimits = LIMITS) -> AsyncIterator[Endpoint]:
    """Serve on *endpoint* (port 0: any that is free) and yield where it is; ends within `FAREWELL_SECONDS`.

    Raises `DirectorError` where nobody can listen there.
    """
    limiter = ConnectionLimiter(limits)
    async with _talking(application(ports, limits, limiter), limiter, TlsLayer(ports.tls)):
        listener = await _listen(limiter, endpoint, ports.purpose)
        try:
            address, port = listener.sockets[0].getsockname()[:2]
            yield Endpoint(ip_address(address), port)
        finally:
            listener.close()


@asynccontextmanager
async def serve_locally(path: Path, ports: Ports, limits: ClientLimits = LIMITS) -> AsyncIterator[None]:
    """Serve on the socket *path*, which takes the place of one that was left there; raises `DirectorError`."""
    limiter = ConnectionLimiter(limits)
    with bound(path) as listener:
        async with _talking(application(ports, limits, limiter), limiter, TlsLayer(ports.tls)):
            server = await asyncio.get_running_loop().create_unix_server(limiter, sock=listener, backlog=BACKLOG)
            try:
                yield
            finally:
                server.close()


@asynccontextmanager
async def _talking(app: web.Application, limiter: ConnectionLimiter, tls: TlsLayer) -> AsyncIterator[None]:
    """Have *app* answer those whom *limiter* lets in; at the end, what is under way is broken off."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=FAREWELL_SECONDS / 2)
    await runner.setup()
    manager, loop = runner.server, asyncio.get_running_loop()
    if manager is not None:  # it is there after setup
        limiter.server = lambda: tls.protocol(lambda: _Handler(manager, loop=loop, access_log=_QUIET, logger=_QUIET))
    try:
        yield
    finally:
        await limiter.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await runner.cleanup()


class _Handler(web.RequestHandler):
    """Talks to one client; what is not HTTP is answered with a problem, too."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # as aiohttp hands it
    ) -> web.StreamResponse:
        """Return the response to a request that cannot be read, or that an error of ours has ended."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the response has been sent already")
        if status == HTTPStatus.INTERNAL_SERVER_ERROR and exc is not None:
            asyncio.get_running_loop().call_exception_handler({"message": "answering a request", "exception": exc})
        response = problem(status, "this is no request that can be read" if status < 500 else "a fault of our own")
        response.force_close()
        return response


async def _listen(limiter: ConnectionLimiter, endpoint: Endpoint, purpose: str) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(
            limiter, str(endpoint.address), endpoint.port, backlog=BACKLOG
        )
    except OSError as error:
        # from Python 3.13 on, asyncio says of an address that is not ours only that it could not bind
        why = os.strerror(error.errno or errno.EADDRNOTAVAIL)
        raise DirectorError(
            f"cannot listen on {endpoint} for {purpose}: {why}; choose another address or port, or free this one"
        ) from error
