"""From documents to what a page shows, a virtual service at a time, so that checks have their turn in between."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ldirectord_py.api.page.overview import Overview, Survey
from ldirectord_py.api.page.rows import Row, row
from ldirectord_py.api.page.services import ALL_SHOWN, ROWS, Head, Service, head, service
from ldirectord_py.api.page.source import Document, Pause, Source
from ldirectord_py.api.page.timeline import changes
from ldirectord_py.api.page.view import View

_HEAD_ROWS = 3
"""The headline of a virtual service takes as much room as so many rows."""


@dataclass(slots=True)
class Collected:
    """All that a page shows, but for the events."""

    overview: Overview
    services: Sequence[Service]
    pages: int
    all_shown: bool
    """Whether healthy servers have their rows unasked."""


@dataclass(slots=True)
class _Pages:
    """Deals virtual services out to pages of about `ROWS` rows."""

    wanted: int
    filled: int = 0
    shown: list[Service] = field(default_factory=list)

    def turn(self, rows: int) -> bool:
        """Return whether a virtual service with *rows* rows stands on the page that is wanted."""
        here = self.filled // ROWS + 1 == self.wanted
        self.filled += rows + _HEAD_ROWS
        return here

    def count(self) -> int:
        return max(1, -(-self.filled // ROWS))


async def collect(source: Source, view: View, now: float, pause: Pause) -> Collected:
    """Return what the page of *view* shows at *now*."""
    status, events = source.status(), source.events().events
    changed = changes(events, now)
    survey, pages = Survey(now), _Pages(view.page)
    everything = bool(view.virtual) or status["servers"]["total"] <= ALL_SHOWN
    async for virtual in source.virtuals(pause):
        survey.add(virtual, changed, told=view.virtual in {"", virtual["name"]})
        await pause()
        if view.virtual in {"", virtual["name"]}:
            _deal(pages, virtual, view, now, everything=everything)
            await pause()
    return Collected(survey.overview(status, events), pages.shown, pages.count(), everything)


def _deal(pages: _Pages, virtual: Document, view: View, now: float, *, everything: bool) -> None:
    """Put *virtual* on the page that is wanted, if it belongs there."""
    if view.virtual:  # it alone may go on over several pages
        pages.shown.append(service(virtual, view, now, everything=True, first=(view.page - 1) * ROWS))
        shown = sum(1 for server in virtual["reals"] if view.matches(virtual, server))
        pages.filled = max(1, shown)
        return
    made = service(virtual, view, now, everything=everything)
    if (made.rows or not view.filtered) and pages.turn(len(made.rows)):
        pages.shown.append(made)


async def overview(source: Source, view: View, now: float, pause: Pause) -> Overview:
    """Return how things stand at *now*."""
    events = source.events().events
    changed, survey = changes(events, now), Survey(now)
    async for virtual in source.virtuals(pause):
        survey.add(virtual, changed, told=view.virtual in {"", virtual["name"]})
        await pause()
    return survey.overview(source.status(), events)


@dataclass(slots=True)
class Changed:
    """The pieces of a page that may have changed."""

    heads: list[Head]
    rows: list[Row]


async def changed(source: Source, names: Sequence[str], view: View, now: float, pause: Pause) -> Changed:
    """Return the heads and rows of *names*: full names of servers, and of virtual services."""
    wanted: dict[str, set[str]] = {}
    for full_name in names:
        real, _, service_name = full_name.rpartition("@")
        wanted.setdefault(service_name, set()).update({full_name} if real else set())
    every = source.status()["servers"]["total"] <= ALL_SHOWN
    found = Changed([], [])
    for name, servers in wanted.items():
        if (virtual := await source.virtual(name, pause)) is None:
            continue
        found.heads.append(head(virtual))
        await pause()
        for server in virtual["reals"]:
            if server["name"] in servers:
                asked = every or view.filtered or bool(view.virtual) or server["status"] != "up"
                found.rows.append(row(server, now, shown=asked and view.matches(virtual, server)))
    return found
