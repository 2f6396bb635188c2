"""Long answers in pieces: to a few clients at a time, and to all of them together no faster than to one."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus

from aiohttp import web

from ldirectord_py.api.limits import ClientLimits
from ldirectord_py.api.problems import RequestRefused

_ENOUGH = 16 * 1024
"""Bytes that are worth a system call of their own."""
BeginAnswer = Callable[[], Awaitable[tuple[str, Iterator[bytes]]]]
"""Returns the content type of an answer, and its body in pieces that take a few milliseconds each at most."""


class PieceSender:
    """Sends answers that are made a piece at a time, each in another turn of the loop."""

    def __init__(self, limits: ClientLimits) -> None:
        self._limits = limits
        self._places = asyncio.Semaphore(limits.answers)
        self._waiting = 0
        self._turn = asyncio.Lock()

    async def send(self, request: web.Request, begin: BeginAnswer) -> web.StreamResponse:
        """Answer *request* with what *begin* returns, once there is a place for it."""
        if not await self._has_place():
            raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, "Too many long answers are under way; try again.")
        try:
            return await self._send(request, begin)
        finally:
            self._places.release()

    async def _has_place(self) -> bool:
        if self._waiting >= self._limits.queue:
            return False
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.queue_seconds):
                return await self._places.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1

    async def _send(self, request: web.Request, begin: BeginAnswer) -> web.StreamResponse:
        response = web.StreamResponse()
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                response.headers["Content-Type"], pieces = await begin()
                await response.prepare(request)
                ready = bytearray()
                while (piece := await self._next(pieces)) is not None:
                    ready += piece
                    if len(ready) >= _ENOUGH:
                        await response.write(bytes(ready))
                        ready.clear()
                await response.write_eof(bytes(ready))
        except (TimeoutError, ConnectionError):  # it reads too slowly, or has left
            if request.transport is not None:
                request.transport.abort()
        return response

    async def _next(self, pieces: Iterator[bytes]) -> bytes | None:
        """Return the next of *pieces*, or None: one in a turn of the loop, however many answers there are.

        A place would not do for that, because an answer keeps its place while its client is slow to read.
        """
        async with self._turn:
            piece = next(pieces, None)
            await asyncio.sleep(0)  # checks first
        return piece
