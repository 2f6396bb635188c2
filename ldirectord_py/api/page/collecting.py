"""From documents to what a page shows, a virtual service at a time, so that checks have their turn in between."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ldirectord_py.api.page.hour.timeline import HOUR, by_server
from ldirectord_py.api.page.overview import Overview, OverviewBuilder
from ldirectord_py.api.page.rows import ServerRow, row
from ldirectord_py.api.page.services import ALL_SHOWN, ROWS, Head, Selection, ShownService, head, service
from ldirectord_py.api.page.source import Document, DocumentSource, Pause
from ldirectord_py.api.page.view import PageView

_HEAD_ROWS = 3
"""The headline of a virtual service takes as much room as so many rows."""


@dataclass(slots=True)
class Collected:
    """All that a page shows, but for the events."""

    overview: Overview
    services: Sequence[ShownService]
    pages: int
    all_shown: bool
    """Whether healthy servers have their rows unasked."""
    passed: Mapping[str, int]
    """How many servers the filter lets through, by virtual service; those without any are left out."""

    @property
    def whole(self) -> bool:
        """Whether the list has all servers that the view selects: none is on another page."""
        return self.pages == 1 and not any(service.hidden for service in self.services)


async def collect(source: DocumentSource, view: PageView, now: float, pause: Pause) -> Collected:
    """Return what the page of *view* shows at *now*."""
    builder = OverviewBuilder(source.status(), now, await _changes(source, now, pause))
    paginator = _Paginator(view, now)
    async for virtual in source.virtuals(pause):
        await builder.add(virtual, pause, told=view.virtual in {"", virtual["name"]})
        if view.virtual in {"", virtual["name"]}:
            await paginator.take(virtual, pause)
    await paginator.end(pause)
    return Collected(builder.overview(), paginator.shown, paginator.pages, paginator.everything, paginator.passed)


async def _changes(source: DocumentSource, now: float, pause: Pause) -> Mapping[str, Sequence[Document]]:
    return by_server(await source.transitions(now - HOUR, pause), now)


class _Paginator:
    """Deals virtual services out to pages of about `ROWS` rows.

    The first ones wait until it is known whether there are so few servers altogether that each has its row.
    """

    def __init__(self, view: PageView, now: float) -> None:
        self.shown: list[ShownService] = []
        """What is on the page that is wanted."""
        self.everything = True
        """Whether healthy servers have rows unasked, as far as is known."""
        self.passed: dict[str, int] = {}
        """See `Collected.passed`."""
        self.pages = 1
        """How many pages there are."""
        self._view = view
        self._now = now
        self._filled = 0
        self._servers = 0
        self._waiting: list[Document] = []

    async def take(self, virtual: Document, pause: Pause) -> None:
        """Find *virtual* its place."""
        if self._view.virtual:
            await self._alone(virtual, pause)
            return
        self._servers += len(virtual["reals"])
        self._waiting.append(virtual)
        if self._servers > ALL_SHOWN:
            self.everything = False
            await self.end(pause)

    async def end(self, pause: Pause) -> None:
        """Find those their place that have waited."""
        selection = Selection(view=self._view, everything=self.everything)
        for virtual in self._waiting:
            made = await service(virtual, selection, self._now, pause)
            if made.rows or not self._view.filtered:
                self.pages = self._filled // ROWS + 1
                if self.pages == self._view.page:
                    self.shown.append(made)
                self._filled += len(made.rows) + _HEAD_ROWS
                self.passed[virtual["name"]] = made.matching
        self._waiting.clear()

    async def _alone(self, virtual: Document, pause: Pause) -> None:
        """Show *virtual*, the only one, which may go on over several pages."""
        selection = Selection(view=self._view, everything=True, first=(self._view.page - 1) * ROWS)
        made = await service(virtual, selection, self._now, pause)
        self.shown.append(made)
        self.passed[virtual["name"]] = made.matching
        self.pages = max(1, -(-made.matching // ROWS))


async def overview(source: DocumentSource, view: PageView, now: float, pause: Pause) -> Overview:
    """Return how things stand at *now*."""
    builder = OverviewBuilder(source.status(), now, await _changes(source, now, pause))
    async for virtual in source.virtuals(pause):
        await builder.add(virtual, pause, told=view.virtual in {"", virtual["name"]})
    return builder.overview()


@dataclass(slots=True)
class Changed:
    """The pieces of a page that may have changed."""

    heads: list[Head]
    rows: list[ServerRow]
    passed: dict[str, int]
    """How many servers the filter of the view lets through, by virtual service."""


async def changed(source: DocumentSource, names: Sequence[str], view: PageView, now: float, pause: Pause) -> Changed:
    """Return the heads and rows of *names*: full names of servers, and of virtual services.

    A row is *shown* if the list of *view* has it, or would have it now.
    """
    wanted: dict[str, set[str]] = {}
    for full_name in names:
        real, _, service_name = full_name.rpartition("@")
        wanted.setdefault(service_name, set()).update({full_name} if real else set())
    found = Changed([], [], {})
    for name, servers in wanted.items():
        if (virtual := await source.virtual(name, pause)) is None:
            continue
        found.heads.append(head(virtual))
        await pause()
        rows, passed = await _rows(virtual, servers, view, now, pause)
        found.rows.extend(rows)
        if passed is not None:
            found.passed[name] = passed
    return found


async def _rows(
    virtual: Document, servers: Collection[str], view: PageView, now: float, pause: Pause
) -> tuple[Sequence[ServerRow], int | None]:
    """Return the rows of *servers*, and how many of *virtual* the filter lets through; None: there is no filter."""
    listed, rows, passed = view.virtual in {"", virtual["name"]}, list[ServerRow](), 0
    for server in virtual["reals"]:
        asked = server["name"] in servers
        passes = listed and (asked or view.filtered) and view.matches(virtual, server)
        passed += passes
        if asked:
            shown = passes and (view.filtered or bool(view.virtual) or server["status"] != "up")
            rows.append(row(server, now, shown=shown))
        await pause()
    return rows, passed if listed and view.filtered else None
