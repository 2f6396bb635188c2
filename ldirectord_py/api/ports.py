"""What the API asks of the director, as ports: it knows values only."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ldirectord_py.api.access import Access
from ldirectord_py.model.snapshot import DaemonStatus, Snapshot
from ldirectord_py.model.trace import Trace


class Exposition(Protocol):
    """What is shown at `/metrics`."""

    async def prepare(self) -> None:
        """See that what is to be shown is fresh; called before `pieces`."""
        ...

    def pieces(self, accept: str, /) -> tuple[str, Iterator[bytes]]:
        """Return the content type for this `Accept`, and the body in pieces that take well under a millisecond each."""
        ...


class Director(Protocol):
    """What is shown of a director, and what it can be told."""

    def snapshot(self) -> Snapshot:
        """Return how everything is now."""
        ...

    async def refresh(self) -> None:
        """See that the connections in a snapshot are fresh."""
        ...

    def status(self) -> DaemonStatus:
        """Return what it says of itself."""
        ...

    async def reload(self, *, force: bool, by: str) -> Mapping[str, Any]:
        """Read the configuration again, for whom *by* names, and return what became of that.

        Raises `NotDirecting`.
        """
        ...

    async def trace(self, target: str) -> Mapping[str, Trace]:
        """Check the servers that *target* names once, without consequences, and return how that went, by their names.

        Raises `UnknownTarget`, `CommandRefused` if they are too many, and `NotDirecting`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that one listener shows and does."""

    version: str
    purpose: str
    """What it is for, as messages name it."""
    healthy: Callable[[], bool]
    """Says whether the director makes progress."""
    ready: Callable[[], bool]
    """Says whether every real server that is checked has been checked once."""
    metrics: Callable[[], Exposition | None]
    """None: nothing is counted here."""
    director: Director | None = None
    """None: only metrics and health are served."""
    access: Callable[[], Access] = Access
    """Returns who may use the rest."""
