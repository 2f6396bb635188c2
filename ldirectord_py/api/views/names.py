"""Virtual services and real servers by name alone, for those who complete a command line."""

import json
from collections.abc import Iterable, Iterator

from ldirectord_py.model.history import server_name
from ldirectord_py.model.snapshot import VirtualStatus


def pieces_of_names(virtuals: Iterable[VirtualStatus]) -> Iterator[bytes]:
    """Yield `{"virtuals": [...]}`, of each virtual service and of each of its servers the names."""
    between = b'{"virtuals": ['
    for virtual in virtuals:
        reals = [{"name": server_name(real.key), "real": str(real.key.real)} for real in virtual.reals]
        yield between + json.dumps({"name": str(virtual.key), "label": virtual.key.label, "reals": reals}).encode()
        between = b", "
    yield (b'{"virtuals": [' if between != b", " else b"") + b"]}"
