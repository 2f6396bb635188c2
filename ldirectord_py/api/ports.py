"""What the API asks of the director, as ports: it knows values only."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ldirectord_py.model.snapshot import DaemonStatus, Snapshot


class Exposition(Protocol):
    """What is shown at `/metrics`."""

    async def prepare(self) -> None:
        """See that what is to be shown is fresh; called before `pieces`."""
        ...

    def pieces(self, accept: str, /) -> tuple[str, Iterator[bytes]]:
        """Return the content type for this `Accept`, and the body in pieces that take well under a millisecond each."""
        ...


class Healthy(Protocol):
    """Says whether the director makes progress."""

    def __call__(self) -> bool:
        """Return at once."""
        ...


class Reload(Protocol):
    """Has the director read its configuration again."""

    async def __call__(self, *, force: bool, by: str) -> Mapping[str, Any]:
        """Return what became of it; *by* names who asks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that the API shows and does."""

    version: str
    snapshot: Callable[[], Snapshot]
    refresh: Callable[[], Awaitable[None]]
    """Sees that the connections in a snapshot are fresh."""
    status: Callable[[], DaemonStatus]
    reload: Reload
