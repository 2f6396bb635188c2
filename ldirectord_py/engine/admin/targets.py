"""Whom operators mean: from names to real servers, hosts and virtual services."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from itertools import chain, islice

from ldirectord_py.engine.servers import ServerState
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.commands import Target, target_name
from ldirectord_py.model.config import Virtual
from ldirectord_py.model.errors import AmbiguousTarget, UnknownTarget
from ldirectord_py.model.names import endpoint
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.text.escaping import printable

ServerStates = Mapping[RealKey, ServerState]
Virtuals = Mapping[VirtualKey, Virtual]
_MOST_CANDIDATES = 10
_MOST_LOOKED_AT = 250
"""Names that are compared with one that nobody bears: each takes some microseconds to be written out."""


def find_target(text: str, servers: ServerStates, virtuals: Virtuals) -> Target:
    """Return whom *text* means.

    `REAL@VIRTUAL` is one server; `REAL` is one too, if only one virtual has it; an address alone is that host in
    every virtual; else it is a virtual, with its protocol or without.
    Raises `AmbiguousTarget` or `UnknownTarget`.
    """
    wanted = text.strip()
    real, at, virtual = wanted.partition("@")
    if at:
        return _server(wanted, real, virtual, servers)
    found = list(_named(wanted, servers, virtuals))
    if len(found) == 1:
        return found[0]
    shown = printable(wanted)
    if found:
        candidates = [target_name(target) for target in islice(found, _MOST_CANDIDATES)]
        more = " ..." if len(found) > len(candidates) else ""
        raise AmbiguousTarget(f"{shown} may mean any of {len(found)}: {', '.join(candidates)}{more}", candidates)
    raise _unknown(shown, wanted, servers, virtuals)


def _server(wanted: str, real: str, virtual: str, servers: ServerStates) -> RealKey:
    """Return the one server whose full name is *wanted*; its virtual may stand without its protocol."""
    place, address = _endpoint(real), virtual.lower()
    there = list(_at(place, servers))
    for key in there:
        if address in {str(key.virtual), key.virtual.label}:
            return key
    candidates = [target_name(key) for key in there]
    raise _none(printable(wanted), candidates[:_MOST_CANDIDATES])


def _named(wanted: str, servers: ServerStates, virtuals: Virtuals) -> Iterator[Target]:
    """Yield whom *wanted*, without a virtual, names: servers first, then a host, and virtuals only if there is none."""
    reals = list(_at(_endpoint(wanted), servers))
    yield from reals
    if reals:
        return
    try:
        host = ip_address(wanted.removeprefix("[").removesuffix("]"))
    except ValueError:
        yield from (key for key in virtuals if wanted.lower() in {str(key), key.label})
    else:
        if any(key.real.address == host for key in servers):
            yield host


def _at(place: Endpoint | None, servers: ServerStates) -> Iterator[RealKey]:
    """Yield those who are at *place*, in the table or in the file; a look at ten thousand takes 3 ms."""
    if place is None:
        return
    address, port = place.address, place.port
    for key, server in servers.items():
        here, configured = key.real, server.real.endpoint
        if (here.port == port and here.address == address) or (configured is not here and configured == place):
            yield key


def _endpoint(text: str) -> Endpoint | None:
    try:
        return endpoint(text)
    except ValueError:
        return None


def _unknown(shown: str, wanted: str, servers: ServerStates, virtuals: Virtuals) -> UnknownTarget:
    """Return the error about a name that nobody bears, with those that begin alike."""
    known: Iterable[Target] = chain(islice(virtuals, _MOST_LOOKED_AT), islice(servers, _MOST_LOOKED_AT))
    near = (name for target in known if (name := target_name(target)).startswith(wanted[:6]) and wanted)
    return _none(shown, list(islice(near, _MOST_CANDIDATES)))


def _none(shown: str, candidates: list[str]) -> UnknownTarget:
    near = f"; names like it: {', '.join(candidates)}" if candidates else ""
    return UnknownTarget(f"no real server, host or virtual service is called {shown}{near}", candidates)
