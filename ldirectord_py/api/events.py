"""What happened: as JSON, and as it happens (Server-Sent Events, HTML Living Standard §9.2)."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from ldirectord_py.api.limits import ConnectionLimiter, Limits
from ldirectord_py.api.pieces import PieceSender
from ldirectord_py.api.ports import Director
from ldirectord_py.api.problems import RequestRefused
from ldirectord_py.api.queries import MOST_EVENTS, kinds, moment, number
from ldirectord_py.model.commands import target_name
from ldirectord_py.model.history import EventQuery, News, Recorded
from ldirectord_py.model.service import AddressKey, MarkKey

STREAM = "text/event-stream"
_PIECE = 64
"""Events written out in one turn of the loop."""
_RETRY = b"retry: 1000\n\n"
"""Milliseconds after which a browser tries again."""
_ALIVE = b": alive\n\n"
_FRAMES = 256
"""Events that are kept as they are streamed: whoever follows asks for the same ones."""


class Events:
    """The handler of `/v1/events`."""

    def __init__(self, director: Director, sender: PieceSender, limiter: ConnectionLimiter, limits: Limits) -> None:
        self._director = director
        self._sender = sender
        self._limiter = limiter
        self._limits = limits
        self._frames: dict[int, bytes] = {}

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer with the events that are asked for, or with all that come."""
        query = self._query(request)
        after = _resumed(request, query)
        if STREAM in request.headers.get("Accept", ""):
            return await self._stream(request, query, after)

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
        for start in range(0, len(found), _PIECE):
            told = (json.dumps(event.as_json()) for event in found[start : start + _PIECE])
            yield (between + ", ".join(told)).encode()
            between = ", "
        yield f'], "last": {last}, "boot": {json.dumps(source.boot)}}}'.encode()

    async def _stream(self, request: web.Request, query: EventQuery, after: int | None) -> web.StreamResponse:
        with self._limiter.streaming(request.transport) as room:
            if not room:
                sentence = "as many follow the events as there is room for; try again later"
                raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
            response = web.StreamResponse(headers={"Content-Type": STREAM, "X-Accel-Buffering": "no"})
            try:
                await response.prepare(request)
                await self._write(response, _RETRY)
                await self._follow(response, query, after)
            except (TimeoutError, ConnectionError):  # it does not read, or has left
                if request.transport is not None:
                    request.transport.abort()
            return response

    async def _follow(self, response: web.StreamResponse, query: EventQuery, after: int | None) -> None:
        follower = self._director.events.follow(after)
        while True:
            try:
                async with asyncio.timeout(self._limits.heartbeat_seconds):
                    news = await follower.news()
            except TimeoutError:
                await self._write(response, _ALIVE)
                continue
            if news.lost:
                await self._write(response, _lost(news))
            for start in range(0, len(news.events), _PIECE):
                wanted = [event for event in news.events[start : start + _PIECE] if query.matches(event)]
                if wanted:
                    await self._write(response, b"".join(map(self._frame, wanted)))
                await asyncio.sleep(0)  # checks first

    async def _write(self, response: web.StreamResponse, piece: bytes) -> None:
        """Send *piece*: no more than the socket's buffers is kept for who does not read."""
        async with asyncio.timeout(self._limits.stall_seconds):
            await response.write(piece)

    def _frame(self, event: Recorded) -> bytes:
        """Return *event* as it is streamed."""
        frame = self._frames.get(event.id)
        if frame is None:
            if len(self._frames) >= _FRAMES:
                self._frames.clear()
            told = f"id: {event.id}\nevent: {event.event}\ndata: {json.dumps(event.as_json())}\n\n"
            frame = self._frames[event.id] = told.encode()
        return frame


def _resumed(request: web.Request, query: EventQuery) -> int | None:
    """Return the id of the last event that the reader has; None: it wants those that come from now on."""
    given = number(request.query, "last_event_id")
    header = number(request.headers, "Last-Event-ID")
    for last in (header, given, query.after):
        if last is not None:
            return last
    return None


def _lost(news: News) -> bytes:
    """Return what tells a reader that it has missed events, as an event without an id."""
    first = news.events[0]
    told = {
        "id": first.id - 1,
        "boot": first.boot,
        "time": first.time,
        "event": "events_lost",
        "name": "events_lost",
        "level": "warning",
        "sentence": f"{news.lost} events are not kept any more",
        "lost": news.lost,
    }
    return f"event: events_lost\ndata: {json.dumps(told)}\n\n".encode()
