"""The pages, and the pieces of them that the module asks for again: addresses in, HTML in pieces out."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldirectord_py.api.page.collecting import changed, collect, overview
from ldirectord_py.api.page.detail import Detail, detail
from ldirectord_py.api.page.feed import feed
from ldirectord_py.api.page.renderer import Renderer, Turns
from ldirectord_py.api.page.source import Pause, Source
from ldirectord_py.api.page.view import View
from ldirectord_py.api.page.words import maybe

FEED = 60
"""So many events a page begins with."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks for a page."""

    you: Mapping[str, Any]
    """`name` and `may_write`, as in `/v1/status`."""
    theme: str = ""
    """`light`, `dark`, or what the reader's system prefers."""


class Pages:
    """Makes pages of what *source* has."""

    def __init__(self, source: Source, renderer: Renderer, version: str) -> None:
        self._source = source
        self._renderer = renderer
        self._version = version
        """Of the page's files, which are kept by browsers under it."""

    async def page(self, view: View, reader: Reader, now: float) -> AsyncIterator[bytes]:
        """Yield the whole page: the server that *view* names, or everything it selects."""
        turns = Turns()
        common = {**self._common(reader, now), "view": view, "theme": reader.theme, "version": self._version}
        if view.server:
            pieces = self._renderer.pieces(
                "server.html", now, turns, **common, detail=await self._detail(view.server, now, turns)
            )
        else:
            found = await collect(self._source, view, now, turns)
            listed = {"services": found.services, "pages": found.pages, "all_shown": found.all_shown}
            pieces = self._renderer.pieces(
                "page.html", now, turns, **common, **listed, **self._feed(now), overview=found.overview
            )
        async for piece in pieces:
            yield piece

    async def list(self, view: View, reader: Reader, now: float) -> AsyncIterator[bytes]:
        """Yield the list of virtual services alone."""
        turns = Turns()
        found = await collect(self._source, view, now, turns)
        listed = {"services": found.services, "pages": found.pages, "all_shown": found.all_shown}
        common = self._common(reader, now)
        async for piece in self._renderer.pieces("only_list.html", now, turns, **common, **listed, view=view):
            yield piece

    async def changed(self, names: Sequence[str], view: View, now: float, *, everything: bool) -> AsyncIterator[bytes]:
        """Yield heads and rows of *names*, and with *everything* how things stand and what happened."""
        turns = Turns()
        found = await changed(self._source, names, view, now, turns)
        stands = {"overview": await overview(self._source, view, now, turns), **self._feed(now)} if everything else {}
        values = {"overview": None, **stands, "heads": found.heads, "rows": found.rows}
        async for piece in self._renderer.pieces("changed.html", now, turns, **values):
            yield piece

    async def server(self, name: str, reader: Reader, now: float) -> AsyncIterator[bytes]:
        """Yield what is known of one server; nothing, where there is none of this name."""
        turns = Turns()
        if (found := await self._detail(name, now, turns)) is None:
            return
        common = self._common(reader, now)
        async for piece in self._renderer.pieces("detail.html", now, turns, **common, detail=found):
            yield piece

    def _common(self, reader: Reader, now: float) -> dict[str, Any]:
        status = {**self._source.status(), "you": reader.you}
        return {"status": status, "loaded": maybe(status["loaded"], now)}

    def _feed(self, now: float) -> dict[str, Any]:
        known = self._source.events()
        return {"lines": feed(known.events, now, FEED), "boot": known.boot, "last": known.last}

    async def _detail(self, name: str, now: float, pause: Pause) -> Detail | None:
        virtual = await self._source.virtual(name.rpartition("@")[2], pause)
        reals = () if virtual is None else virtual["reals"]
        server = next((server for server in reals if server["name"] == name), None)
        if virtual is None or server is None:
            return None
        return detail(virtual, server, self._source.history(name), now)
