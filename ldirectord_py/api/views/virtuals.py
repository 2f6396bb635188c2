"""A virtual service as JSON, and a list of them in pieces."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ldirectord_py.api.views import servers
from ldirectord_py.model.commands import target_name
from ldirectord_py.model.history import ExchangeSource
from ldirectord_py.model.snapshot import RealStatus, StatusWord, VirtualStatus
from ldirectord_py.model.table import Connections
from ldirectord_py.model.text.escaping import printable

PIECE = 32
"""Servers shown in one turn of the loop, which takes about a millisecond."""
SEEN = 256
"""Servers looked at in one turn of the loop."""

_COUNTED = {
    StatusWord.UP: "up",
    StatusWord.DOWN: "down",
    StatusWord.DRAINING: "draining",
    StatusWord.MAINTENANCE: "maintenance",
    StatusWord.UNKNOWN: "unknown",
    StatusWord.CHECKING: "unknown",
}
COUNTED = tuple(dict.fromkeys(_COUNTED.values()))
"""The words by which servers are counted."""
VIEWS = ("full", "summary", "names")


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualsView:
    """Which part of everything is asked for."""

    detail: str = "full"
    """One of `VIEWS`: all servers; those that are not up; the names alone."""
    words: frozenset[str] = frozenset()
    """Statuses of servers that are wanted; empty: all."""
    text: str = ""
    """What has to occur in the name of a server or of its virtual service."""

    @property
    def selects(self) -> bool:
        """Whether servers are left out because of what they are, and virtual services that have no others."""
        return bool(self.words or self.text)

    def wants(self, real: RealStatus, *, named: bool) -> bool:
        """Return whether *real* is to be shown; *named*: its virtual service has the text in its names."""
        word = real.word
        if (self.words and word not in self.words) or (self.detail == "summary" and word is StatusWord.UP):
            return False
        return named or self.text in target_name(real.key).lower()

    def names(self, virtual: VirtualStatus) -> bool:
        """Return whether *virtual* has the text in one of its names."""
        texts = (str(virtual.key), virtual.servicename or "", virtual.comment or "")
        return any(self.text in each.lower() for each in texts)


class Counts:
    """Real servers by their status, and what they have in all."""

    def __init__(self) -> None:
        self._by_word: Counter[str] = Counter()
        self.weight = 0
        self.connections: Connections | None = None

    def add(self, real: RealStatus) -> None:
        """Count *real*."""
        self._by_word[_COUNTED[real.word]] += 1
        self.weight += real.wanted or 0
        if (more := real.connections) is not None:
            so_far = self.connections or Connections(0, 0, 0)
            self.connections = Connections(
                so_far.active + more.active,
                so_far.inactive + more.inactive,
                so_far.persistent + more.persistent,
            )

    def as_json(self) -> Mapping[str, int]:
        """Return the numbers in the form `Counts` of the API's document."""
        return {"total": self._by_word.total(), **{word: self._by_word[word] for word in COUNTED}}


def pieces_of_list(virtuals: Iterable[VirtualStatus], view: VirtualsView, history: ExchangeSource) -> Iterator[bytes]:
    """Yield `{"virtuals": [...]}`, each virtual with those of its servers that *view* wants."""
    yield b'{"virtuals": ['
    between = b""
    for virtual in virtuals:
        begun = False
        for piece in pieces_of(virtual, view, history):
            yield between + piece if piece and not begun else piece
            begun = begun or bool(piece)
        between = b", " if begun else between
    yield b"]}"


def pieces_of(virtual: VirtualStatus, view: VirtualsView, history: ExchangeSource) -> Iterator[bytes]:
    """Yield *virtual* in the form `Virtual` of the API's document; nothing, if *view* selects none of it."""
    counts, shown, named = Counts(), [], view.names(virtual)
    for some in chunks(virtual.reals, SEEN):
        for real in some:
            counts.add(real)
            if view.wants(real, named=named):
                shown.append(real)
        yield b""
    if view.selects and not shown and not (named and not view.words):
        return
    yield f'{json.dumps(head(virtual, counts))[:-1]}, "reals": ['.encode()
    yield from pieces_of_servers(shown, history)
    yield b"]}"


def pieces_of_servers(reals: Iterable[RealStatus], history: ExchangeSource) -> Iterator[bytes]:
    """Yield *reals*, separated by commas."""
    between = ""
    for some in chunks(reals, PIECE):
        told = (json.dumps(servers.as_json(real, history.of(real.key))) for real in some)
        yield (between + ", ".join(told)).encode()
        between = ", "


def chunks(reals: Iterable[RealStatus], size: int) -> Iterator[Sequence[RealStatus]]:
    """Yield *reals*, up to *size* at a time."""
    rest = iter(reals)
    while some := list(islice(rest, size)):
        yield some


def head(virtual: VirtualStatus, counts: Counts) -> Mapping[str, Any]:
    """Return what is told of *virtual* besides its servers, of which *counts* has all."""
    return {
        "name": str(virtual.key),
        "label": virtual.key.label,
        "servicename": None if virtual.servicename is None else printable(virtual.servicename),
        "comment": None if virtual.comment is None else printable(virtual.comment),
        "scheduler": virtual.scheduler,
        "service": virtual.service,
        "checktype": virtual.checktype,
        "quiescent": virtual.quiescent,
        "persistent": virtual.persistent,
        "mode": virtual.mode,
        "fallback": None if virtual.fallback is None else str(virtual.fallback),
        "servers": counts.as_json(),
        "weight": counts.weight,
        "connections": servers.connections_as_json(counts.connections),
        "rates": virtual.rates and virtual.rates._asdict(),
    }
