"""What the page is made of: the documents of the API, asked for where the page needs them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Document = Mapping[str, Any]
Pause = Callable[[], Awaitable[None]]
"""Lets others have their turn, if it is time for that: to be awaited after each millisecond of work or so."""


class Source(Protocol):
    """Hands out documents as the API gives them away, each as things are when it is asked for."""

    def status(self) -> Document:
        """Return the document of `/v1/status`, without `you`; of `servers` only `total` is needed."""
        ...

    def virtuals(self, pause: Pause, /) -> AsyncIterator[Document]:
        """Yield the documents of all virtual services, servers included, each made when it is asked for."""
        ...

    async def virtual(self, name: str, pause: Pause, /) -> Document | None:
        """Return the document of one virtual service; None: there is none of this name."""
        ...

    def history(self, name: str, /) -> Document:
        """Return `checks` and `events` of the server with this full name; both are empty where nothing is known."""
        ...

    def events(self) -> "Events":
        """Return what happened lately."""
        ...


@dataclass(frozen=True, slots=True)
class Events:
    """The events that are remembered, oldest first."""

    events: Sequence[Document]
    last: int
    """The id of the last event; what follows has a higher one."""
    boot: str
    """Which start of the daemon the ids belong to."""
