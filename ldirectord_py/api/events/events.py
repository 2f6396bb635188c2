"""What happened: as JSON, and as it happens."""

import json
from collections.abc import Iterator
from dataclasses import replace

from aiohttp import web

from ldirectord_py.api.events.stream import AT_ONCE, STREAM, EventSender, last_read
from ldirectord_py.api.pieces import PieceSender
from ldirectord_py.api.ports import ShownDirector
from ldirectord_py.api.queries import MOST_EVENTS, kinds, moment, number
from ldirectord_py.model.commands import target_name
from ldirectord_py.model.history import EventQuery
from ldirectord_py.model.service import AddressKey, MarkKey


class EventsHandler:
    """The handler of `/v1/events`."""

    def __init__(self, director: ShownDirector, sender: PieceSender, stream: EventSender) -> None:
        self._director = director
        self._sender = sender
        self._stream = stream

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer with the events that are asked for, or with all that come."""
        query = self._query(request)
        last_read(request, query)  # what is no number is refused, also where nothing follows
        if STREAM in request.headers.get("Accept", ""):
            return await self._stream.send(request, query)

        async def begin() -> tuple[str, Iterator[bytes]]:
            return "application/json", self._pieces(query)

        return await self._sender.send(request, begin)

    def _query(self, request: web.Request) -> EventQuery:
        asked = request.query
        query = EventQuery(
            after=number(asked, "after"),
            since=moment(asked, "since"),
            kinds=kinds(asked),
            limit=number(asked, "limit", MOST_EVENTS),
        )
        if (name := asked.get("real")) is None:
            return query
        target = self._director.find(name)
        if isinstance(target, AddressKey | MarkKey):
            return replace(query, virtuals=frozenset((str(target),)))
        return replace(query, servers=frozenset(map(target_name, self._director.concerned(target))))

    def _pieces(self, query: EventQuery) -> Iterator[bytes]:
        source = self._director.events
        last, found = source.last, source.find(query)
        yield b'{"events": ['
        between = ""
        for start in range(0, len(found), AT_ONCE):
            told = (json.dumps(event.as_json()) for event in found[start : start + AT_ONCE])
            yield (between + ", ".join(told)).encode()
            between = ", "
        yield f'], "last": {last}, "boot": {json.dumps(source.boot)}}}'.encode()
