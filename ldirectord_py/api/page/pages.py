"""The pages, and the pieces of them that the module asks for again: addresses in, HTML in pieces out."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ldirectord_py.api.page.collecting import Collected, changed, collect, overview
from ldirectord_py.api.page.detail import Detail, detail
from ldirectord_py.api.page.director import says
from ldirectord_py.api.page.feed import feed
from ldirectord_py.api.page.rows import row
from ldirectord_py.api.page.source import Document, DocumentSource, Pause, Turns
from ldirectord_py.api.page.view import PageView
from ldirectord_py.api.page.words import maybe
from ldirectord_py.system.daemon_thread import in_thread

FEED = 60
"""So many events a page begins with."""

Pieces = Iterator[bytes]
"""HTML in pieces, each of which takes a millisecond or two to make."""


@dataclass(frozen=True, slots=True)
class PageReader:
    """Who asks for a page."""

    you: Mapping[str, Any]
    """`name` and `may_write`, as in `/v1/status`."""
    theme: str = ""
    """`light`, `dark`, or what the reader's system prefers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Besides:
    """What is asked for besides rows."""

    stands: bool = False
    """How things stand."""
    feed: bool = False
    """What happened."""


class Render(Protocol):
    """See `Renderer.pieces`."""

    def __call__(self, template: str, now: float, **values: Any) -> Pieces:
        """Return the page in pieces."""
        ...


class Pages:
    """Makes pages of what *source* has."""

    def __init__(self, source: DocumentSource, version: str) -> None:
        self._source = source
        self._version = version
        """Of the page's files, which browsers keep under it."""
        self._render: Render | None = None
        self._loading = asyncio.Lock()

    async def page(self, view: PageView, reader: PageReader, now: float) -> Pieces:
        """Return the whole page: the server that *view* names, or everything it selects."""
        render, turns = await self._renderer(), Turns()
        common = {**self._common(reader, now), "view": view, "theme": reader.theme, "version": self._version}
        if view.server:
            return render("server.html", now, **common, detail=await self._detail(view.server, now, turns))
        found = await collect(self._source, view, now, turns)
        return render("page.html", now, **common, **_listed(found), **self._feed(now), overview=found.overview)

    async def list(self, view: PageView, reader: PageReader, now: float) -> Pieces:
        """Return the list of virtual services alone."""
        render = await self._renderer()
        found = await collect(self._source, view, now, Turns())
        return render("only_list.html", now, **self._common(reader, now), **_listed(found), view=view)

    async def changed(self, names: Sequence[str], view: PageView, now: float, besides: Besides) -> Pieces:
        """Return heads and rows of *names*, and what is asked for *besides*."""
        render, turns = await self._renderer(), Turns()
        found = await changed(self._source, names, view, now, turns)
        stands = await overview(self._source, view, now, turns) if besides.stands else None
        feed = self._feed(now) if besides.feed else {**self._feed(now, 0), "lines": None}
        pieces = {"heads": found.heads, "rows": found.rows, "passed": found.passed, "overview": stands, **feed}
        return render("changed.html", now, **self._status(now), **pieces)

    async def lines(self, events: Sequence[Document], now: float) -> Iterator[str]:
        """Return the lines of the feed that tell of *events*, the newest first, each made when it is asked for."""
        render = await self._renderer()
        return (b"".join(render("line.html", now, line=line)).decode() for line in feed(events, now, len(events)))

    async def rows(self, names: Sequence[str], now: float) -> Iterator[tuple[str, str, str]]:
        """Return names, states and rows of those of *names* that there are, each made when it is asked for."""
        return self._rows(await self._renderer(), names, now)

    def _rows(self, render: Render, names: Sequence[str], now: float) -> Iterator[tuple[str, str, str]]:
        for server in self._source.reals(names):
            pieces = render("row.html", now, row=row(server, now, shown=False))
            yield server["name"], server["status"], b"".join(pieces).decode()

    async def server(self, name: str, reader: PageReader, now: float) -> Pieces | None:
        """Return what is known of one server; None: there is none of this name."""
        render = await self._renderer()
        if (found := await self._detail(name, now, Turns())) is None:
            return None
        return render("detail.html", now, **self._common(reader, now), detail=found)

    async def _renderer(self) -> Render:
        """Return what fills the templates: most directors are never asked for a page, so that is loaded when one is.

        It takes a tenth of a second, and so a thread.  Raises `NoThread`.
        """
        async with self._loading:
            if self._render is None:
                self._render = await in_thread(_load)
            return self._render

    def _common(self, reader: PageReader, now: float) -> dict[str, Any]:
        known = self._status(now)
        status = {**known["status"], "you": reader.you}
        return {**known, "status": status, "loaded": maybe(status["loaded"], now)}

    def _status(self, now: float) -> dict[str, Any]:
        status = self._source.status()
        return {"status": status, "since": maybe(status["role"]["since"], now), "says": says(status["role"])}

    def _feed(self, now: float, most: int = FEED) -> dict[str, Any]:
        known = self._source.events(most)
        return {"lines": feed(known.events, now, most), "boot": known.boot, "last": known.last}

    async def _detail(self, name: str, now: float, pause: Pause) -> Detail | None:
        virtual = await self._source.virtual(name.rpartition("@")[2], pause)
        reals = () if virtual is None else virtual["reals"]
        server = next((server for server in reals if server["name"] == name), None)
        if virtual is None or server is None:
            return None
        return detail(virtual, server, self._source.history(name), now)


def _load() -> Render:
    from ldirectord_py.api.page.renderer import Renderer  # noqa: PLC0415  # see `Pages._renderer`

    return Renderer().pieces


def _listed(found: Collected) -> dict[str, Any]:
    return {
        "services": found.services,
        "pages": found.pages,
        "all_shown": found.all_shown,
        "passed": found.passed,
        "whole": found.whole,
    }
