"""Virtual services and real servers by name alone, for those who complete a command line."""

import json
from collections.abc import Iterable, Iterator

from ldirectord_py.api.views.virtuals import chunks
from ldirectord_py.model.commands import target_name
from ldirectord_py.model.snapshot import RealStatus, VirtualStatus

_PIECE = 128
"""Servers named in one turn of the loop, which takes about a millisecond."""


def pieces_of_names(virtuals: Iterable[VirtualStatus]) -> Iterator[bytes]:
    """Yield `{"virtuals": [...]}`, of each virtual service and of each of its servers the names."""
    between = '{"virtuals": ['
    for virtual in virtuals:
        head = json.dumps({"name": str(virtual.key), "label": virtual.key.label})
        yield f'{between}{head[:-1]}, "reals": ['.encode()
        yield from _names(virtual.reals)
        yield b"]}"
        between = ", "
    yield ('{"virtuals": [' if between != ", " else "").encode() + b"]}"


def _names(reals: Iterable[RealStatus]) -> Iterator[bytes]:
    between = ""
    for some in chunks(reals, _PIECE):
        named = ({"name": target_name(real.key), "real": str(real.key.real)} for real in some)
        yield (between + ", ".join(map(json.dumps, named))).encode()
        between = ", "
