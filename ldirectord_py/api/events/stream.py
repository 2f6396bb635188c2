"""Events as they happen (Server-Sent Events, HTML Living Standard §9.2), for as long as somebody reads them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web

from ldirectord_py.api.limits import ClientLimits, ConnectionLimiter
from ldirectord_py.api.problems import RequestRefused
from ldirectord_py.api.queries import number
from ldirectord_py.model.history import EventQuery, EventSource, News, Recorded

STREAM = "text/event-stream"
AT_ONCE = 64
"""Events written out in one turn of the loop."""
More = Callable[[Sequence[Recorded]], AsyncIterator[bytes]]
"""Yields what is sent besides some events; those that come meanwhile wait."""

_RETRY = b"retry: 1000\n\n"
"""Milliseconds after which a browser tries again."""
_ALIVE = b": alive\n\n"
_FRAMES = 256
"""Events that are kept as they are streamed: whoever follows asks for the same ones."""


class EventSender:
    """Sends events as they happen."""

    def __init__(self, source: EventSource, limiter: ConnectionLimiter, limits: ClientLimits) -> None:
        self._source = source
        self._limiter = limiter
        self._limits = limits
        self._frames: dict[int, bytes] = {}

    async def send(self, request: web.Request, query: EventQuery, more: More | None = None) -> web.StreamResponse:
        """Answer *request* with the events that *query* asks for, and what *more* makes of them, until it leaves."""
        after = last_read(request, query)
        with self._limiter.streaming(request.transport) as room:
            if not room:
                sentence = "as many follow the events as there is room for; try again later"
                raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
            response = web.StreamResponse(headers={"Content-Type": STREAM, "X-Accel-Buffering": "no"})
            try:
                await response.prepare(request)
                await self._write(response, _RETRY)
                async for piece in self._pieces(query, after, more):
                    await self._write(response, piece)
            except (TimeoutError, ConnectionError):  # it does not read, or has left
                if request.transport is not None:
                    request.transport.abort()
            return response

    async def _pieces(self, query: EventQuery, after: int | None, more: More | None) -> AsyncIterator[bytes]:
        follower = self._source.follow(after)
        while True:
            try:
                async with asyncio.timeout(self._limits.heartbeat_seconds):
                    news = await follower.news()
            except TimeoutError:
                yield _ALIVE
                continue
            if news.lost:
                yield _lost(news)
            for start in range(0, len(news.events), AT_ONCE):
                wanted = [event for event in news.events[start : start + AT_ONCE] if query.matches(event)]
                if wanted:
                    yield b"".join(map(self._frame, wanted))
                await asyncio.sleep(0)  # checks first
            if more is not None:
                async for piece in more(news.events):
                    yield piece

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
            frame = self._frames[event.id] = f"id: {event.id}\n".encode() + message(event.event, event.as_json())
        return frame


def message(kind: str, told: Mapping[str, Any]) -> bytes:
    """Return a message of this *kind* without an id."""
    return f"event: {kind}\ndata: {json.dumps(told)}\n\n".encode()


def last_read(request: web.Request, query: EventQuery) -> int | None:
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
    return message("events_lost", told)
