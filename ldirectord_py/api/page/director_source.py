"""The documents that the page is made of, from what the API's ports show."""

import socket
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ldirectord_py.api.page.hour.past import COMMANDS, FILES, HEALTH
from ldirectord_py.api.page.source import Document, Pause, RecentEvents
from ldirectord_py.api.ports import ShownDirector
from ldirectord_py.api.views import servers, virtuals
from ldirectord_py.api.views.cluster import role, vip
from ldirectord_py.model.commands import target_name
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.history import EventQuery, ExchangeSource
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.snapshot import RealStatus, VirtualStatus
from ldirectord_py.model.text.escaping import printable

MOST_TRANSITIONS = 1_000
"""Of the last hour; those before them have no place in the timeline."""
MOST_COMMANDS = 1_000
"""However old: who has given a command that has ended since is told when it begins."""
MOST_OF_ONE = 200
"""Events of one server."""
_TOGETHER = 16
"""Servers described in one go."""


class DirectorSource:
    """See `DocumentSource`."""

    def __init__(self, director: ShownDirector, version: str) -> None:
        self._director = director
        self._version = version
        self._host = socket.gethostname()

    def status(self) -> Document:
        """See `Source.status`."""
        daemon, snapshot = self._director.status(), self._director.snapshot()
        table = daemon.table
        return {
            "version": self._version,
            "pid": daemon.pid,
            "host": self._host,
            "config": printable(daemon.config),
            "role": role(daemon.role),
            "vips": [vip(each) for each in snapshot.vips],
            "loaded": daemon.loaded,
            "started": daemon.started,
            "first_pass": snapshot.first_pass,
            "healthy": daemon.healthy,
            "table": {"kind": table.kind, "reachable": table.reachable, "agrees": table.agrees},
            "refused_at": daemon.refused_at,
            "refused": [printable(sentence) for sentence in daemon.refused],
            "checks_per_second": daemon.checks_per_second,
        }

    async def virtuals(self, pause: Pause) -> AsyncIterator[Document]:
        """See `Source.virtuals`."""
        for virtual in self._director.snapshot().virtuals:
            yield await self._document(virtual, pause)

    async def virtual(self, name: str, pause: Pause) -> Document | None:
        """See `Source.virtual`."""
        for virtual in self._director.snapshot().virtuals:
            if str(virtual.key) == name:
                return await self._document(virtual, pause)
            await pause()
        return None

    async def _document(self, virtual: VirtualStatus, pause: Pause) -> Document:
        counts, described = virtuals.Counts(), list[Document]()
        for some in virtuals.chunks(virtual.reals, _TOGETHER):
            for real in some:
                counts.add(real)
                described.append(_Server(real, self._director.exchanges))
            await pause()
        return {**virtuals.head(virtual, counts), "reals": described}

    def reals(self, names: Sequence[str]) -> Iterable[Document]:
        """See `Source.reals`."""
        keys = [key for name in names if (key := self._key(name)) is not None]
        return (_Server(real, self._director.exchanges) for real in self._director.reals(keys))

    def _key(self, name: str) -> RealKey | None:
        """Return the server with this full name; None: a reload has taken it away."""
        try:
            (key,) = self._director.concerned(self._director.find(name))
        except (DirectorError, ValueError):
            return None
        return key

    def history(self, name: str) -> Document:
        """See `Source.history`."""
        if (key := self._key(name)) is None:
            return {"checks": (), "events": ()}
        known = self._director.exchanges.of(key)
        events = self._director.events.find(EventQuery(servers=frozenset((name,)), limit=MOST_OF_ONE))
        return {
            "checks": [exchange.as_json() for exchange in known.exchanges] if known else (),
            "events": [event.as_json() for event in events if event.level != "debug"],
        }

    def events(self, most: int) -> RecentEvents:
        """See `Source.events`."""
        recorded = self._director.events
        found = recorded.find(EventQuery(limit=5 * most)) if most else ()
        told = [event.as_json() for event in found if event.level != "debug"]
        return RecentEvents(told[-most:] if most else (), recorded.last, recorded.boot)

    async def transitions(self, since: float, pause: Pause) -> Sequence[Document]:
        """See `Source.transitions`."""
        found = self._director.events.find(EventQuery(kinds=HEALTH | FILES | COMMANDS))
        await pause()
        checked = [event for event in found if event.time >= since and event.name not in COMMANDS]
        given = [event for event in found if event.name in COMMANDS]
        await pause()
        told = []
        for event in sorted([*checked[-MOST_TRANSITIONS:], *given[-MOST_COMMANDS:]], key=lambda event: event.id):
            told.append(event.as_json())
            await pause()
        return told


class _Server(Mapping[str, Any]):
    """The document of a server, made when more of it is looked at than how it is: of thousands few are shown."""

    __slots__ = ("_exchanges", "_full", "_real")

    def __init__(self, real: RealStatus, exchanges: ExchangeSource) -> None:
        self._real = real
        self._exchanges = exchanges
        self._full: Document | None = None

    def __getitem__(self, key: str) -> Any:
        if self._full is None and (quickly := _QUICKLY.get(key)):
            return quickly(self._real)
        return self._document()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._document())

    def __len__(self) -> int:
        return len(self._document())

    def _document(self) -> Document:
        if self._full is None:
            self._full = servers.as_json(self._real, self._exchanges.of(self._real.key))
        return self._full


_QUICKLY: Mapping[str, Callable[[RealStatus], Any]] = {
    "name": lambda real: target_name(real.key),
    "status": lambda real: real.word,
    "serving": lambda real: bool(real.wanted),
    "failures": lambda real: real.health.failures,
    "state": lambda real: real.health.state,
    "since": lambda real: real.health.since,
    "reason": lambda real: real.health.reason,
    "admin": lambda real: servers.admin_as_json(real.admin),
    "maintenance_file": lambda real: None if real.maintenance is None else printable(real.maintenance),
    "certificate_expires": lambda real: real.certificate_expires,
}
"""As in `servers.as_json`."""
