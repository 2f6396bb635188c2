"""A virtual service as JSON, and a list of them in pieces."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ldirectord_py.api.views import servers
from ldirectord_py.model.snapshot import RealStatus, StatusWord, VirtualStatus
from ldirectord_py.model.text.escaping import printable

PIECE = 32
"""Servers shown in one turn of the loop, which takes about a millisecond."""
_SEEN = 512
"""Servers looked at in one turn of the loop."""

_COUNTED = {
    StatusWord.UP: "up",
    StatusWord.DOWN: "down",
    StatusWord.DRAINING: "draining",
    StatusWord.MAINTENANCE: "maintenance",
    StatusWord.UNKNOWN: "unknown",
    StatusWord.CHECKING: "unknown",
}
Wanted = Callable[[RealStatus], bool]
"""Says of a real server whether it is to be shown."""


class Counts:
    """Real servers by their status."""

    def __init__(self) -> None:
        self._by_word: Counter[str] = Counter()

    def add(self, real: RealStatus) -> None:
        """Count *real*."""
        self._by_word[_COUNTED[real.word]] += 1

    def as_json(self) -> Mapping[str, int]:
        """Return the numbers in the form `Counts` of the API's document."""
        words = dict.fromkeys(_COUNTED.values())
        return {"total": self._by_word.total(), **{word: self._by_word[word] for word in words}}


def pieces_of_list(virtuals: Iterable[VirtualStatus], wanted: Wanted) -> Iterator[bytes]:
    """Yield `{"virtuals": [...]}`, each virtual with those of its servers that are *wanted*."""
    between = b'{"virtuals": ['
    for virtual in virtuals:
        yield between
        yield from pieces_of(virtual, wanted)
        between = b", "
    yield (b'{"virtuals": [' if between != b", " else b"") + b"]}"


def pieces_of(virtual: VirtualStatus, wanted: Wanted) -> Iterator[bytes]:
    """Yield *virtual* in the form `Virtual` of the API's document."""
    counts, weight, shown = Counts(), 0, []
    for some in chunks(virtual.reals, _SEEN):
        for real in some:
            counts.add(real)
            weight += real.wanted or 0
            if wanted(real):
                shown.append(real)
        yield b""
    head = json.dumps(_head(virtual, counts, weight))
    yield f'{head[:-1]}, "reals": ['.encode()
    yield from pieces_of_servers(shown)
    yield b"]}"


def pieces_of_servers(reals: Iterable[RealStatus]) -> Iterator[bytes]:
    """Yield *reals*, separated by commas."""
    between = ""
    for some in chunks(reals, PIECE):
        yield (between + ", ".join(json.dumps(servers.as_json(real)) for real in some)).encode()
        between = ", "


def chunks(reals: Iterable[RealStatus], size: int) -> Iterator[Sequence[RealStatus]]:
    """Yield *reals*, up to *size* at a time."""
    rest = iter(reals)
    while some := list(islice(rest, size)):
        yield some


def _head(virtual: VirtualStatus, counts: Counts, weight: int) -> Mapping[str, Any]:
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
        "weight": weight,
        "connections": None,
        "rates": None,
    }
