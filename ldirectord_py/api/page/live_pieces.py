"""What of the page the events change, as their stream carries it to pages that are open: lines of the feed, and rows.

So a row needs no further request: it comes with the event that changed it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ldirectord_py.api.events.stream import message
from ldirectord_py.api.page.pages import Pages
from ldirectord_py.api.page.source import Turns
from ldirectord_py.model.history import Recorded

SETTLE = 0.01
"""Seconds from an event to its pieces: meanwhile the table is written, of which a row tells too."""
GAP = 0.03
"""Seconds from some pieces to the next ones, at least."""
_SHARE = 4.0
"""... and so many times as long as they took to make, so that checks have the loop for most of the time."""
MOST_ROWS = 100
"""With more servers at once the page is told to ask for its list, which shows a part of them."""
_MOST_LINES = 100
_REFRESH = 5.0
"""Seconds between two looks at how many connections there are."""
_KEPT = 128


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as it was after an event."""

    event: int
    told: Mapping[str, str]


PartT = TypeVar("PartT")


@dataclass(slots=True)
class _Work:
    """What is made, in turns, and what that takes."""

    seconds: float = 0.0
    """Of the processor: the time that others have in between does not count."""

    async def done(self, parts: Iterator[PartT]) -> list[PartT]:
        """Return what *parts* yields."""
        pause, made = Turns(), list[PartT]()
        while True:
            began = time.thread_time()
            part = next(parts, None)
            self.seconds += time.thread_time() - began
            if part is None:
                return made
            made.append(part)
            await pause()


class LivePieces:
    """Makes rows once for all pages that are open; whether a page shows one is the page's business."""

    def __init__(self, pages: Pages, refresh: Callable[[], Awaitable[None]]) -> None:
        """*refresh* sees that the connections that are told are fresh."""
        self._pages = pages
        self._refresh = refresh
        self._refreshed = 0.0
        self._kept: dict[str, _Row] = {}

    async def after(self, events: Sequence[Recorded]) -> AsyncIterator[bytes]:
        """Yield the message that follows upon *events*, and take the time that it may cost."""
        await asyncio.sleep(SETTLE)
        work = _Work()
        names = {event.server: event.id for event in events if event.server is not None}
        many = len(names) > MOST_ROWS
        lines = await self._pages.lines([event.as_json() for event in events[-_MOST_LINES:]], time.time())
        told = "".join(await work.done(lines))
        rows = [] if many else await self._rows(names, work)
        yield message("pieces", {"lines": told, "rows": rows, "many": many})
        await asyncio.sleep(max(GAP, _SHARE * work.seconds))
        if (now := time.monotonic()) - self._refreshed > _REFRESH:
            self._refreshed = now
            await self._refresh()  # for the next ones: a row does not wait for the table to be read

    async def _rows(self, names: Mapping[str, int], work: _Work) -> Sequence[Mapping[str, str]]:
        """Return the rows of the servers with these *names*, each as it is after the event with that id."""
        found = {name: self._kept[name] for name, event in names.items() if self._is_kept(name, event)}
        missing = [name for name in names if name not in found]
        for name, status, html in await work.done(await self._pages.rows(missing, time.time())):
            found[name] = _Row(names[name], {"name": name, "status": status, "html": html})
        if len(self._kept) + len(missing) > _KEPT:
            self._kept.clear()
        self._kept |= found
        return [row.told for row in found.values()]

    def _is_kept(self, name: str, event: int) -> bool:
        return name in self._kept and self._kept[name].event == event
