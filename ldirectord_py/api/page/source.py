"""What the page is made of: the documents of the API, asked for where the page needs them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Document = Mapping[str, Any]
HOLD = 0.001
"""Seconds for which the loop is held at a time, but for what cannot be divided: a row, a virtual service's headline."""
Pause = Callable[[], Awaitable[None]]
"""Lets others have their turn, if it is time for that: to be awaited after each millisecond of work or so."""


class Turns:
    """A `Pause`: lets others have their turn whenever we have worked for `HOLD` seconds."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    async def __call__(self) -> None:
        """Return at once, or after a turn of the loop."""
        if time.perf_counter() - self._began >= HOLD:
            await asyncio.sleep(0)
            self._began = time.perf_counter()


class DocumentSource(Protocol):
    """Hands out documents as the API gives them away, each as things are when it is asked for."""

    def status(self) -> Document:
        """Return the document of `/v1/status`, without `you` and without what is counted."""
        ...

    def virtuals(self, pause: Pause, /) -> AsyncIterator[Document]:
        """Yield the documents of all virtual services, servers included, each made when it is asked for."""
        ...

    async def virtual(self, name: str, pause: Pause, /) -> Document | None:
        """Return the document of one virtual service; None: there is none of this name."""
        ...

    def reals(self, names: Sequence[str], /) -> Iterable[Document]:
        """Return the documents of those servers with these full *names* that there are."""
        ...

    def history(self, name: str, /) -> Document:
        """Return `checks` and `events` of the server with this full name; both are empty where nothing is known."""
        ...

    def events(self, most: int, /) -> "RecentEvents":
        """Return what happened lately, so many events at *most*."""
        ...

    async def transitions(self, since: float, pause: Pause, /) -> Sequence[Document]:
        """Return the events from *since* on that tell of a server's new state, oldest first.

        Those of operators' commands are among them however old they are.
        """
        ...


@dataclass(frozen=True, slots=True)
class RecentEvents:
    """The events that are remembered, oldest first."""

    events: Sequence[Document]
    last: int
    """The id of the last event; what follows has a higher one."""
    boot: str
    """Which start of the daemon the ids belong to."""
