"""The answers to questions: virtual services and real servers as they are now."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import web

from ldirectord_py.api.callers import caller
from ldirectord_py.api.pieces import PieceSender
from ldirectord_py.api.ports import Director
from ldirectord_py.api.problems import RequestRefused
from ldirectord_py.api.views import servers
from ldirectord_py.api.views.names import pieces_of_names
from ldirectord_py.api.views.virtuals import Counts, Wanted, chunks, pieces_of, pieces_of_list, pieces_of_servers
from ldirectord_py.model.snapshot import RealStatus, Snapshot, StatusWord, VirtualStatus
from ldirectord_py.model.text.escaping import printable

JSON = "application/json"
_SEEN = 512
"""Servers looked at in one turn of the loop."""


class Reading:
    """The handlers of GET requests."""

    def __init__(self, director: Director, version: str, sender: PieceSender) -> None:
        self._director = director
        self._version = version
        self._sender = sender
        self._host = socket.gethostname()

    async def status(self, _request: web.Request) -> web.StreamResponse:
        """Say what runs, on which configuration, and how it fares."""
        snapshot, counts, virtuals = self._director.snapshot(), Counts(), 0
        for virtual in snapshot.virtuals:
            virtuals += 1
            for some in chunks(virtual.reals, _SEEN):
                for real in some:
                    counts.add(real)
                await asyncio.sleep(0)  # checks first
        who = caller()
        told = self._status(snapshot) | {
            "virtuals": virtuals,
            "servers": counts.as_json(),
            "you": {"name": who.name, "may_write": who.may_write},
        }
        return web.json_response(told)

    def _status(self, snapshot: Snapshot) -> dict[str, Any]:
        status = self._director.status()
        table = status.table
        return {
            "version": self._version,
            "api": 1,
            "instance": status.instance,
            "pid": status.pid,
            "host": self._host,
            "config": status.config,
            "loaded": status.loaded,
            "started": status.started,
            "first_pass": snapshot.first_pass,
            "healthy": status.healthy,
            "table": {"kind": table.kind, "reachable": table.reachable, "agrees": table.agrees},
            "refused_at": status.refused_at,
            "refused": [printable(sentence) for sentence in status.refused],
            "sysctls": list(status.sysctls),
            "reloadlimit": status.reloadlimit,
            "inflight": snapshot.inflight,
            "queued": snapshot.queued,
        }

    async def virtuals(self, request: web.Request) -> web.StreamResponse:
        """Show all virtual services."""
        if request.query.get("view") == "names":
            return await self._send(request, lambda: pieces_of_names(self._director.snapshot().virtuals))
        wanted = _wanted(request.query)
        return await self._send(request, lambda: pieces_of_list(self._director.snapshot().virtuals, wanted))

    async def virtual(self, request: web.Request) -> web.StreamResponse:
        """Show one virtual service."""
        name = request.match_info["virtual"]
        for virtual in self._director.snapshot().virtuals:
            if name in (str(virtual.key), virtual.key.label):
                return await self._send(request, partial(pieces_of, virtual, _wanted(request.query)))
        raise RequestRefused(HTTPStatus.NOT_FOUND, f"there is no virtual service {name}", candidates=())

    async def reals(self, request: web.Request) -> web.StreamResponse:
        """Show the real servers that the target names, or all."""
        virtuals = self._director.snapshot().virtuals
        reals = _reals(virtuals) if (target := request.query.get("target")) is None else _named(virtuals, target)
        return await self._send(request, partial(_listed, reals))

    async def _send(self, request: web.Request, pieces: Callable[[], Iterator[bytes]]) -> web.StreamResponse:
        async def begin() -> tuple[str, Iterator[bytes]]:
            await self._director.refresh()
            return JSON, pieces()

        return await self._sender.send(request, begin)


def _wanted(query: Mapping[str, str]) -> Wanted:
    if query.get("view", "full") == "summary":
        return lambda real: real.word is not StatusWord.UP
    return lambda _real: True


def _reals(virtuals: Iterable[VirtualStatus]) -> Iterator[RealStatus]:
    for virtual in virtuals:
        yield from virtual.reals


def _named(virtuals: Iterable[VirtualStatus], target: str) -> list[RealStatus]:
    found = []
    for real in _reals(virtuals):
        key = real.key
        names = (servers.full_name(key), str(key.real), str(key.real.address), str(key.virtual), key.virtual.label)
        if target in names:
            found.append(real)
    if not found:
        sentence = f"nothing here is called {target}: no real server, host or virtual service"
        raise RequestRefused(HTTPStatus.NOT_FOUND, sentence, candidates=())
    return found


def _listed(reals: Iterable[RealStatus]) -> Iterator[bytes]:
    yield b'{"reals": ['
    yield from pieces_of_servers(reals)
    yield b"]}"
