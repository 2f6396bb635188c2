"""The HTTP applications: their routes, and what stands before each of them.

There are two: all of it, on the unix socket and where `statuslisten` says; and metrics and health alone, where
`metricslisten` says.
"""

from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ldirectord_py.api.access import Access
from ldirectord_py.api.callers import CALLER, Callers, require
from ldirectord_py.api.commands import CommandHandlers
from ldirectord_py.api.events.events import EventsHandler
from ldirectord_py.api.events.stream import EventSender
from ldirectord_py.api.health import HealthPages
from ldirectord_py.api.limits import ClientLimits, ConnectionLimiter
from ldirectord_py.api.openapi.document import document
from ldirectord_py.api.origins import check_host, check_origin
from ldirectord_py.api.page.director_source import DirectorSource
from ldirectord_py.api.page.routes import PageRoutes
from ldirectord_py.api.pieces import PieceSender
from ldirectord_py.api.ports import Ports, ShownDirector
from ldirectord_py.api.problems import RequestRefused, tell_problems
from ldirectord_py.api.queries import check_once
from ldirectord_py.api.reading import ReadHandlers
from ldirectord_py.api.tracing import Tracing

_FOR_MONITORING = frozenset(("/metrics", "/-/healthy", "/-/ready"))
"""What is asked for by any name: it says nothing that `metricslisten` would not tell everybody."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Connection": "close",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def application(ports: Ports, limits: ClientLimits, limiter: ConnectionLimiter) -> web.Application:
    """Return the application, whose connections come through *limiter*."""

    @web.middleware
    async def occupied(request: web.Request, handler: Handler) -> web.StreamResponse:
        with limiter.asking(request.transport):
            return await handler(request)

    before: list[Middleware] = [occupied, tell_problems]
    if ports.director is not None:
        before.append(_admission(ports.access))
    app = web.Application(middlewares=before, client_max_size=limits.body_bytes)
    sender = PieceSender(limits)
    health = HealthPages(ports, sender)
    health.add_to(app)
    if ports.director is None:
        app.router.add_get("/", health.index)
    else:
        _add_api(app, ports.director, ports.version, sender)
        stream, source = (
            EventSender(ports.director.events, limiter, limits),
            DirectorSource(ports.director, ports.version),
        )
        PageRoutes(source, ports.director.refresh, sender, stream).add_to(app)
        app.router.add_get("/v1/events", EventsHandler(ports.director, sender, stream).__call__, allow_head=False)
    app.on_response_prepare.append(_finish)
    return app


def _admission(access: Callable[[], Access]) -> Middleware:
    """Return what lets in who may ask: it is the first to know who does."""
    callers = Callers(access)

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        caller = await callers.of(request)
        if caller.pid is None and request.path not in _FOR_MONITORING:
            check_host(request, access().hosts)
        writes = request.method not in {"GET", "HEAD", "OPTIONS"}
        require(caller, write=writes)
        if (nowhere := request.match_info.http_exception) is not None:
            raise nowhere
        if request.path.startswith("/v1/"):
            check_once([name for name, _ in request.query.items()])
        if writes:
            check_origin(request)
            _check_encoding(request)
        CALLER.set(caller)
        return await handler(request)

    return admit


def _check_encoding(request: web.Request) -> None:
    """Raise `RequestRefused` if the body of *request* is packed: what is no such pack is no fault of ours."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a body is taken without Content-Encoding")


def _add_api(app: web.Application, director: ShownDirector, version: str, sender: PieceSender) -> None:
    reading, commands = ReadHandlers(director, version, sender), CommandHandlers(director)

    async def openapi(_request: web.Request) -> web.Response:
        return web.json_response(document(version))

    for path, handler in (
        ("/v1/status", reading.status),
        ("/v1/virtuals", reading.virtuals),
        ("/v1/virtuals/{virtual}", reading.virtual),
        ("/v1/reals", reading.reals),
        ("/v1/history", reading.history),
        ("/v1/config", reading.config),
        ("/v1/plan", reading.plan),
        ("/v1/metrics-lite", reading.metrics_lite),
        ("/v1/openapi.json", openapi),
    ):
        app.router.add_get(path, handler, allow_head=False)
    app.router.add_post("/v1/commands", commands.carry_out)
    app.router.add_post("/v1/check", Tracing(director, sender).check)


async def _finish(_request: web.Request, response: web.StreamResponse) -> None:
    """Have every response be for who asked, and for this moment, and end the connection after it."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.force_close()
