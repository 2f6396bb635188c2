"""The director's side: some workers of a kind, each with one question at a time."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.workers.frames import packed
from ldirectord_py.workers.worker import GRACE, Worker

MOST = 32
"""Workers of a kind: so many servers may hang at a time before others wait in line."""
STARTING = 30.0
"""Seconds that a check waits for a worker that is free: on a busy machine one takes its time to start."""
IDLE = 60.0
"""Seconds after which a worker that nobody has asked is ended."""
QUESTIONS = 10_000
"""After so many a worker is replaced, whatever its library has kept meanwhile."""

_POOLS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, "Pool"]] = WeakKeyDictionary()


def pool(module: str) -> "Pool":
    """Return the workers that run *module*, of the loop that runs."""
    pools = _POOLS.setdefault(asyncio.get_running_loop(), {})
    if (found := pools.get(module)) is None:
        found = pools[module] = Pool(module)
    return found


def close_pools() -> None:
    """End all workers of the loop that runs."""
    for each in _POOLS.pop(asyncio.get_running_loop(), {}).values():
        each.close()


class Pool:
    """Workers that are started when they are needed and kept; one that a server has ended is followed by another."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._loop = asyncio.get_running_loop()
        self._all: set[Worker] = set()
        self._free: list[Worker] = []
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def ready(self) -> None:
        """Wait until a worker is free; raises `CheckUnavailable` where none can be had.  A check's time begins after.

        How long a process takes to start says nothing of any server.
        """
        if self._free:
            return
        if len(self._all) < MOST:
            self._start()
        turn: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(STARTING):
                await turn
        except TimeoutError as error:
            raise CheckUnavailable(
                f"no process was free to ask within {STARTING:g} s: {len(self._all)} of {MOST} run"
            ) from error
        finally:
            with suppress(ValueError):
                self._waiting.remove(turn)

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to *question*; raises `WorkerEnded` where the worker has ended over it.

        Cancelled, it gives the worker a moment to come to its end by itself, and then ends it.
        """
        while not self._free:
            await self.ready()
        worker = self._free.pop()
        return await worker.ask(packed(question))

    def close(self) -> None:
        """End all of them."""
        for worker in self._all:
            worker.part()
        until = self._loop.time() + GRACE
        for worker in self._all:
            worker.close(until - self._loop.time())
        self._all.clear()
        self._free.clear()

    def _start(self) -> None:
        try:
            self._all.add(Worker(self._module, self._released, self._gone))
        except OSError as error:
            raise CheckUnavailable(f"cannot start a process that asks: {error.strerror}") from error

    def _released(self, worker: Worker) -> None:
        """Take *worker*, which has just started or has answered."""
        if worker.questions >= QUESTIONS:
            worker.end()
            return
        self._free.append(worker)
        oldest = self._free[0]
        if self._loop.time() - oldest.since > IDLE:
            self._free.remove(oldest)
            oldest.end()
        self._next()

    def _gone(self, worker: Worker, why: str) -> None:
        """Forget *worker*, which has ended; *why* it could not start, or nothing."""
        self._all.discard(worker)
        with suppress(ValueError):
            self._free.remove(worker)
        if why:
            self._refuse(why)
        elif self._waiting and len(self._all) < MOST:
            try:
                self._start()
            except CheckUnavailable as error:
                self._refuse(str(error))

    def _next(self) -> None:
        while self._waiting and self._free:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _refuse(self, why: str) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(CheckUnavailable(why))
