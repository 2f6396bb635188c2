"""The addresses of the status page: `/`, and below `/page/` its files and the pieces that its module asks for."""

import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from ldirectord_py.api.callers import caller
from ldirectord_py.api.events.stream import EventSender
from ldirectord_py.api.page.files import StaticFiles, load
from ldirectord_py.api.page.live_pieces import LivePieces
from ldirectord_py.api.page.pages import Besides, PageReader, Pages, Pieces
from ldirectord_py.api.page.source import DocumentSource
from ldirectord_py.api.page.view import parse
from ldirectord_py.api.pieces import PieceSender
from ldirectord_py.api.problems import RequestRefused
from ldirectord_py.model.history import EventQuery
from ldirectord_py.system.threads import NoThread

MOST_NAMES = 200
"""Names in one request for what may have changed."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
_HTML = "text/html; charset=utf-8"


class PageRoutes:
    """Answers those who look at the page; what takes long is sent in pieces by *sender*."""

    def __init__(
        self, source: DocumentSource, refresh: Callable[[], Awaitable[None]], sender: PieceSender, stream: EventSender
    ) -> None:
        """*refresh* sees that the connections and rates that *source* knows are fresh."""
        self._files: StaticFiles = load()
        self._pages = Pages(source, self._files.version)
        self._live = LivePieces(self._pages, refresh)
        self._refresh = refresh
        self._sender = sender
        self._stream = stream

    def add_to(self, app: web.Application) -> None:
        """Add the routes to *app*, and to all of its responses what protects those who look at them."""
        for path, handler in (
            ("/", self.page),
            ("/page/list", self.list),
            ("/page/changed", self.changed),
            ("/page/server", self.server),
            ("/page/events", self.events),
            ("/page/{version}/{name}", self.file),
        ):
            app.router.add_get(path, handler, allow_head=False)
        app.on_response_prepare.append(_protect)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Show everything, or what the query selects."""
        view, reader = parse(request.query.items()), _reader(request)
        return await self._send(request, lambda now: self._pages.page(view, reader, now))

    async def list(self, request: web.Request) -> web.StreamResponse:
        """Show the list of virtual services."""
        view, reader = parse(request.query.items()), _reader(request)
        return await self._send(request, lambda now: self._pages.list(view, reader, now))

    async def changed(self, request: web.Request) -> web.StreamResponse:
        """Show the heads and rows that are named; how things stand (`everything`), and what happened (`feed`)."""
        view, names = parse(request.query.items()), request.query.getall("name", [])[:MOST_NAMES]
        besides = Besides(stands="everything" in request.query, feed="feed" in request.query)
        return await self._send(request, lambda now: self._pages.changed(names, view, now, besides))

    async def server(self, request: web.Request) -> web.StreamResponse:
        """Show one server with its history."""
        name, reader = request.query.get("name", ""), _reader(request)

        async def made(now: float) -> Pieces:
            if (pieces := await self._pages.server(name, reader, now)) is None:
                raise RequestRefused(HTTPStatus.NOT_FOUND, f"there is no server {name}")
            return pieces

        return await self._send(request, made)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Tell what happens, and after it what of the page this changes."""
        return await self._stream.send(request, EventQuery(), self._live.after)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Give away one of the page's files; one of another version is the present one, and not to be kept."""
        if (found := self._files.found.get(request.match_info["name"])) is None:
            raise RequestRefused(HTTPStatus.NOT_FOUND, f"there is nothing at {request.path}")
        kept = request.match_info["version"] == self._files.version
        headers = {"Cache-Control": "public, max-age=31536000, immutable" if kept else "no-store"}
        return web.Response(body=found[1], content_type=found[0], charset="utf-8", headers=headers)

    async def _send(self, request: web.Request, make: Callable[[float], Awaitable[Pieces]]) -> web.StreamResponse:
        async def begin() -> tuple[str, Pieces]:
            await self._refresh()
            try:
                return _HTML, await make(time.time())
            except NoThread as error:
                raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, error.sentence) from error

        return await self._sender.send(request, begin)


def _reader(request: web.Request) -> PageReader:
    who, theme = caller(), request.cookies.get("theme", "")
    you = {"name": who.name, "may_write": who.may_write}
    return PageReader(you, theme if theme in {"light", "dark"} else "")


async def _protect(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
