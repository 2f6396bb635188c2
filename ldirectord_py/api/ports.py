"""What the API asks of the director, as ports: it knows values only."""

import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ldirectord_py.api.access import Access
from ldirectord_py.model.checks.trace import Trace
from ldirectord_py.model.commands import Command, CommandDone, Target
from ldirectord_py.model.config import Config
from ldirectord_py.model.history import EventSource, ExchangeSource
from ldirectord_py.model.plan_steps import PlannedReload
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.snapshot import DaemonStatus, RealStatus, Snapshot

API = 1
"""The version of what is under `/v1/`."""


class Exposition(Protocol):
    """What is shown at `/metrics`."""

    async def prepare(self) -> None:
        """See that what is to be shown is fresh; called before `pieces`."""
        ...

    def pieces(self, accept: str, /) -> tuple[str, Iterator[bytes]]:
        """Return the content type for this `Accept`, and the body in pieces that take well under a millisecond each."""
        ...


class ShownDirector(Protocol):
    """What is shown of a director, and what it can be told.

    What only a director at work can do raises `NotDirecting` before and after that.
    """

    @property
    def events(self) -> EventSource:
        """What has happened."""
        ...

    @property
    def exchanges(self) -> ExchangeSource:
        """What the last checks of each server have found."""
        ...

    def snapshot(self) -> Snapshot:
        """Return how everything is now."""
        ...

    async def refresh(self) -> None:
        """See that connections and rates in a snapshot are fresh."""
        ...

    def status(self) -> DaemonStatus:
        """Return what it says of itself."""
        ...

    def config(self) -> Config:
        """Return the configuration in force."""
        ...

    def find(self, name: str) -> Target:
        """Return whom *name* means; raise `UnknownTarget`, `AmbiguousTarget` or `NotDirecting`."""
        ...

    def concerned(self, target: Target) -> Sequence[RealKey]:
        """Return the real servers that *target* means; raise `NotDirecting`."""
        ...

    def reals(self, keys: Sequence[RealKey]) -> Iterable[RealStatus]:
        """Return how those of *keys* are now that there are, each made when it is asked for."""
        ...

    async def plan(self) -> PlannedReload:
        """Return what a reload would do now; raise `NotDirecting`."""
        ...

    async def reload(self, *, force: bool, by: str) -> Mapping[str, Any]:
        """Read the configuration again, for whom *by* names, and return what became of that; raise `NotDirecting`."""
        ...

    def carry_out(self, command: Command, *, force: bool) -> CommandDone:
        """Have *command* be in force; raise `CommandRefused` or `NotDirecting`."""
        ...

    def check_now(self, target: Target) -> Sequence[RealKey]:
        """Have those that *target* means be checked soon; return those that are checked at all.

        Raises `NotDirecting`.
        """
        ...

    async def trace(self, name: str) -> Mapping[str, Trace]:
        """Check those that *name* means once, change nothing, and return how that went, by their full names.

        Raises `CommandRefused` or `NotDirecting`.
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
    director: ShownDirector | None = None
    """None: only metrics and health are served."""
    access: Callable[[], Access] = Access
    """Returns who may use the rest."""
    tls: Callable[[], ssl.SSLContext | None] = lambda: None
    """Returns how TLS is spoken at this moment; None: it is not."""
