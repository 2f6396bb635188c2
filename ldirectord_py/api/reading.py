"""The answers to questions: virtual services and real servers as they are now, and what their checks found."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from itertools import islice
from typing import Any

from aiohttp import web

from ldirectord_py.api.callers import caller
from ldirectord_py.api.pieces import PieceSender
from ldirectord_py.api.ports import API, ShownDirector
from ldirectord_py.api.problems import RequestRefused
from ldirectord_py.api.queries import refused, view_of
from ldirectord_py.api.views import configuration
from ldirectord_py.api.views.cluster import role, sync_daemon, vip
from ldirectord_py.api.views.names import pieces_of_names
from ldirectord_py.api.views.virtuals import (
    SEEN,
    Counts,
    VirtualsView,
    chunks,
    pieces_of,
    pieces_of_list,
    pieces_of_servers,
)
from ldirectord_py.model.commands import target_name
from ldirectord_py.model.decisions import Mode
from ldirectord_py.model.history import EventQuery, Recorded
from ldirectord_py.model.plan_steps import PlannedReload, found_as_json, maintained_as_json, step_as_json
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.snapshot import RealStatus, VirtualStatus
from ldirectord_py.model.text.escaping import printable

JSON = "application/json"
_ENTRIES = 64
"""Changes, or other entries of a plan, told in one turn of the loop."""
_HISTORIES = 8
"""Servers whose checks are told in one turn of the loop."""


class ReadHandlers:
    """The handlers of GET requests."""

    def __init__(self, director: ShownDirector, version: str, sender: PieceSender) -> None:
        self._director = director
        self._version = version
        self._sender = sender
        self._host = socket.gethostname()

    async def status(self, _request: web.Request) -> web.StreamResponse:
        """Say what runs, on which configuration, and how it fares."""
        modes, counts = await self._counted()
        who = caller()
        told = self._status() | {
            "virtuals": sum(modes.values()),
            "served": modes[Mode.REALS],
            "servers": counts.as_json(),
            "you": {"name": who.name, "may_write": who.may_write},
        }
        return web.json_response(told)

    async def metrics_lite(self, _request: web.Request) -> web.StreamResponse:
        """Tell a dozen numbers."""
        modes, counts = await self._counted()
        status, snapshot = self._director.status(), self._director.snapshot()
        checks = {
            "per_second": status.checks_per_second,
            "inflight": snapshot.inflight,
            "queued": snapshot.queued,
            "first_pass": snapshot.first_pass,
        }
        virtuals = {"total": sum(modes.values()), **modes}
        return web.json_response({"servers": counts.as_json(), "virtuals": virtuals, "checks": checks})

    async def virtuals(self, request: web.Request) -> web.StreamResponse:
        """Show all virtual services."""
        view, history = view_of(request.query), self._director.exchanges
        if view.detail == "names":
            return await self._send(request, lambda: pieces_of_names(self._director.snapshot().virtuals))
        return await self._send(request, lambda: pieces_of_list(self._director.snapshot().virtuals, view, history))

    async def virtual(self, request: web.Request) -> web.StreamResponse:
        """Show one virtual service."""
        virtual = self._virtual(request.match_info["virtual"])
        return await self._send(request, partial(pieces_of, virtual, VirtualsView(), self._director.exchanges))

    async def reals(self, request: web.Request) -> web.StreamResponse:
        """Show the real servers that the target names, or all."""
        if (target := request.query.get("target")) is None:
            return await self._send(request, lambda: self._pieces_of_reals(_all_of(self._director.snapshot().virtuals)))
        keys = self._keys(target)
        return await self._send(request, lambda: self._pieces_of_reals(self._director.reals(keys)))

    async def history(self, request: web.Request) -> web.StreamResponse:
        """Show what the last checks found, and what happened, of the real servers that the target names."""
        if (target := request.query.get("target")) is None:
            raise refused("target: say whose history is wanted")
        keys = self._keys(target)
        return await self._send(request, partial(self._pieces_of_history, keys))

    async def config(self, request: web.Request) -> web.StreamResponse:
        """Show the configuration in force."""
        return await self._send(request, partial(configuration.pieces, self._director.config()))

    async def plan(self, request: web.Request) -> web.StreamResponse:
        """Show what a reload would change now."""
        planned = await self._director.plan()
        return await self._send(request, partial(self._pieces_of_plan, planned))

    def _status(self) -> dict[str, Any]:
        status, snapshot = self._director.status(), self._director.snapshot()
        table = status.table
        return {
            "version": self._version,
            "api": API,
            "instance": status.instance,
            "pid": status.pid,
            "host": self._host,
            "config": printable(status.config),
            "role": role(status.role),
            "sync_daemons": [sync_daemon(each) for each in snapshot.sync_daemons],
            "vips": [vip(each) for each in snapshot.vips],
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
            "checks_per_second": status.checks_per_second,
        }

    async def _counted(self) -> tuple[Mapping[str, int], Counts]:
        """Return how many virtual services are in each mode, and count all real servers."""
        modes, counts = dict.fromkeys((mode.value for mode in Mode), 0), Counts()
        for virtual in self._director.snapshot().virtuals:
            modes[virtual.mode] += 1
            for some in chunks(virtual.reals, SEEN):
                for real in some:
                    counts.add(real)
                await asyncio.sleep(0)  # checks first
        return modes, counts

    def _virtual(self, name: str) -> VirtualStatus:
        for virtual in self._director.snapshot().virtuals:
            if str(virtual.key) == name:
                return virtual
        raise RequestRefused(HTTPStatus.NOT_FOUND, f"no virtual service is called {printable(name)}")

    def _keys(self, target: str) -> Sequence[RealKey]:
        return self._director.concerned(self._director.find(target))

    async def _send(self, request: web.Request, pieces: Callable[[], Iterator[bytes]]) -> web.StreamResponse:
        async def begin() -> tuple[str, Iterator[bytes]]:
            await self._director.refresh()
            return JSON, pieces()

        return await self._sender.send(request, begin)

    def _pieces_of_reals(self, reals: Iterable[RealStatus]) -> Iterator[bytes]:
        yield b'{"reals": ['
        yield from pieces_of_servers(reals, self._director.exchanges)
        yield b"]}"

    @staticmethod
    def _pieces_of_plan(planned: PlannedReload) -> Iterator[bytes]:
        head = {
            "file": printable(planned.file),
            "problems": [printable(problem) for problem in planned.problems],
            "refusal": planned.refusal,
            "advice": list(planned.advice),
        }
        counts = planned.connections
        yield json.dumps(head)[:-1].encode()
        for name, entries in (
            ("changes", (step_as_json(step, counts.get(step.change.virtual)) for step in planned.steps)),
            ("believed", (found_as_json(key, found) for key, found in planned.believed.items())),
            ("maintenance", (maintained_as_json(key, file) for key, file in planned.maintained.items())),
            ("untouched", map(str, planned.untouched)),
            ("vips", (step.as_json() for step in planned.vips)),
        ):
            yield f', "{name}": ['.encode()
            yield from _pieces_of_list(entries)
            yield b"]"
        yield b"}"

    def _pieces_of_history(self, keys: Sequence[RealKey]) -> Iterator[bytes]:
        yield b'{"reals": ['
        happened = self._happened(keys)
        yield b""
        between = ""
        for start in range(0, len(keys), _HISTORIES):
            some = keys[start : start + _HISTORIES]
            yield (between + ", ".join(json.dumps(self._history(key, happened)) for key in some)).encode()
            between = ", "
        yield b"]}"

    def _happened(self, keys: Sequence[RealKey]) -> Mapping[str | None, Sequence[Recorded]]:
        """Return what happened to each of *keys*, by name."""
        found: dict[str | None, list[Recorded]] = {}
        for event in self._director.events.find(EventQuery(servers=frozenset(map(target_name, keys)))):
            found.setdefault(event.server, []).append(event)
        return found

    def _history(self, key: RealKey, happened: Mapping[str | None, Sequence[Recorded]]) -> Mapping[str, Any]:
        name, known = target_name(key), self._director.exchanges.of(key)
        return {
            "name": name,
            "checks": [exchange.as_json() for exchange in known.exchanges] if known else [],
            "events": [event.as_json() for event in happened.get(name, ())],
        }


def _all_of(virtuals: Iterable[VirtualStatus]) -> Iterator[RealStatus]:
    for virtual in virtuals:
        yield from virtual.reals


def _pieces_of_list(entries: Iterable[Any]) -> Iterator[bytes]:
    """Yield the *entries* of a list as JSON, so many in a piece as one turn of the loop may take."""
    rest, between = iter(entries), ""
    while some := list(islice(rest, _ENTRIES)):
        yield (between + ", ".join(map(json.dumps, some))).encode()
        between = ", "
