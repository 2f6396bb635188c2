"""How long each turn of the loop takes: what a check's bar of 5 ms is held against."""

import asyncio
import gc
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome
from tests.peers.listeners import LOOPBACK, Answer, serving
from tests.peers.patience import PATIENCE

MOST = 0.005
"""Seconds of the processor's time that a turn may take."""


@dataclass
class Turns:
    """The callbacks of one loop, with the processor's time that each took."""

    count: int = 0
    longest: tuple[float, str] = (0.0, "nothing ran")
    """Seconds of the longest callback, and what it was."""
    over: list[tuple[float, str]] = field(default_factory=list)
    """Those that took more than `MOST`."""


@contextmanager
def watched_turns() -> Iterator[Turns]:
    """Measure every callback that this thread's loops run: tasks' steps, readers, timers.

    By the thread's own time on the processor, so that neither other processes nor other threads count.
    """
    turns, thread, run = Turns(), threading.get_ident(), asyncio.events.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        if threading.get_ident() != thread:
            run(handle)
            return
        began = time.thread_time()
        run(handle)
        seconds = time.thread_time() - began
        turns.count += 1
        if seconds > turns.longest[0]:
            turns.longest = seconds, repr(handle)
        if seconds > MOST:
            turns.over.append((seconds, repr(handle)))

    asyncio.events.Handle._run = measured
    try:
        yield turns
    finally:
        asyncio.events.Handle._run = run


@contextmanager
def long_turns(owner: type, most: float, notice: Callable[[], None]) -> Iterator[None]:
    """Call *notice* after each callback of an *owner*'s that took this thread more than *most* s of the processor."""
    run = asyncio.events.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        if time.thread_time() - began > most and isinstance(getattr(callback_of(handle), "__self__", None), owner):
            notice()

    def callback_of(handle: asyncio.Handle) -> object:
        return getattr(handle, "_callback", None)

    asyncio.events.Handle._run = measured
    try:
        yield
    finally:
        asyncio.events.Handle._run = run


_ROUNDS = 12
_SECONDS = 60.0
_TURNS = 5


async def held_for(check: Callable[[], Awaitable[Outcome]]) -> tuple[float, str, list[Outcome]]:
    """Return for how many seconds a check holds the loop, in which callback, and what it found each time.

    It is carried out once unwatched, which may set up what lasts.  What the machine adds now and then it does not add
    each time, what a check costs it costs each time: so the quietest time counts, the first within the bar or that
    of a dozen and of a minute.  Collections of garbage are not the check's, as they take what there is of everything.
    """
    outcomes, quietest = [await check()], (inf, "nothing ran")
    with no_collections():
        begun = time.monotonic()
        rounds = 0
        while quietest[0] > MOST and (rounds < _ROUNDS or time.monotonic() - begun < _SECONDS):
            rounds += 1
            with watched_turns() as turns:
                outcomes.append(await check())
            assert turns.count, "nothing was measured"
            quietest = min(quietest, turns.longest)
    return *quietest, outcomes


@contextmanager
def no_collections() -> Iterator[None]:
    """Collect garbage before, and not meanwhile."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def elsewhere(answer: Answer, context: object = None) -> Iterator[Endpoint]:
    """Serve as `serving` does, but in a thread with a loop of its own, whose turns are not the director's."""
    found: list[Endpoint] = []
    begun = threading.Event()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def lets_go(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.transport.abort()  # a check that knows enough leaves the rest unread

    async def serve() -> None:
        async with serving(lets_go, context) as endpoint:
            found.append(endpoint)
            begun.set()
            await over.wait()

    with _running(loop, serve):
        assert begun.wait(PATIENCE)
        try:
            yield found[0]
        finally:
            loop.call_soon_threadsafe(over.set)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer) -> None:
        self._answer = answer

    def connection_made(self, transport) -> None:
        self._transport = transport

    def datagram_received(self, data, address) -> None:
        answers = self._answer(data)
        for answer in [answers] if isinstance(answers, bytes) else answers:
            self._transport.sendto(answer, address)


@contextmanager
def datagrams_elsewhere(answer) -> Iterator[Endpoint]:
    """Answer each datagram with what *answer* makes of it, one or several, in a thread of its own."""
    found: list[Endpoint] = []
    begun = threading.Event()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(answer), local_addr=("127.0.0.1", 0))
        found.append(Endpoint(LOOPBACK, transport.get_extra_info("sockname")[1]))
        begun.set()
        await over.wait()
        transport.close()

    with _running(loop, serve):
        assert begun.wait(PATIENCE)
        try:
            yield found[0]
        finally:
            loop.call_soon_threadsafe(over.set)


async def end_the_rest() -> None:
    """End handshakes that nobody goes on with, and let transports that were told to close do so."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    for _ in range(_TURNS):
        await asyncio.sleep(0)


@contextmanager
def _running(loop, serve) -> Iterator[None]:
    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(serve())
        finally:
            loop.run_until_complete(end_the_rest())
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(PATIENCE)
