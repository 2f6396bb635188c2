"""The workers of one kind, each with one question at a time, and the questions that wait for them."""

import asyncio
from collections import deque
from contextlib import suppress

from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.workers import WorkerAnswer, WorkerKind, WorkerQuestion
from ldirectord_py.workers.frames import packed
from ldirectord_py.workers.parent import Parent
from ldirectord_py.workers.worker import GRACE, Worker, WorkerLost

STARTING = 30.0
"""Seconds that a question waits while the workers' parent starts: on a busy machine that takes its time."""
IDLE = 60.0
"""Seconds after which a worker that nobody has asked is ended."""
QUESTIONS = 10_000
"""After so many a worker is replaced, whatever its library has kept meanwhile."""


class Pool:
    """Workers of *kind*: started when they are needed, kept, and replaced when they end."""

    def __init__(self, kind: WorkerKind) -> None:
        self._kind = kind
        self._loop = asyncio.get_running_loop()
        self._parent: Parent | None = None
        self._retired: set[Parent] = set()
        """Parents that fork no more, but have workers yet."""
        self._killed_at_start = False
        self._all: set[Worker] = set()
        self._free: list[Worker] = []
        self._waiting: deque[asyncio.Future[Worker]] = deque()
        self._held = 0

    async def ready(self) -> None:
        """Wait until a worker is free, for the question that the caller asks next, at once.

        Raises `CheckUnavailable` where none can be had.  How long a process takes to start says nothing of any server.
        """
        if not self._free:
            self._free.append(await self._next_free())
            self._loop.call_soon(self._serve)  # in case that nobody asks it

    async def ask(self, question: WorkerQuestion) -> WorkerAnswer:
        """Return the answer to *question*; one whose worker was ended from outside is asked once more.

        Raises `WorkerEnded` where the worker has ended over it, and `CheckUnavailable` where nobody can be asked.
        Cancelled, it gives the worker a moment to come to its end by itself.
        """
        size = len(question.data)
        if self._held + size > self._kind.most_data:
            raise CheckUnavailable(self._kind.overloaded)
        self._held += size
        try:
            try:
                return await self._ask_once(question)
            except WorkerLost:  # what ends two of them is the question
                return await self._ask_once(question)
        finally:
            self._held -= size

    async def _ask_once(self, question: WorkerQuestion) -> WorkerAnswer:
        worker = self._idle() or await self._next_free()
        try:
            async with asyncio.timeout(self._kind.longest_answer):
                return await worker.ask(packed(question.told, question.data, question.microseconds))
        except TimeoutError as error:
            worker.end()
            raise CheckUnavailable(f"the process that asks is silent for {self._kind.longest_answer:g} s") from error

    async def _next_free(self) -> Worker:
        turn: asyncio.Future[Worker] = self._loop.create_future()
        self._waiting.append(turn)
        started = self._parent is not None and self._parent.ready
        self._serve()
        try:
            async with asyncio.timeout(self._kind.longest_wait if started else STARTING):
                return await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._released(turn.result())  # handed over just as we were cancelled
            if isinstance(error, TimeoutError):
                raise CheckUnavailable(self._kind.overloaded) from error
            raise
        finally:
            with suppress(ValueError):
                self._waiting.remove(turn)

    def close(self) -> None:
        """End all of them."""
        until = self._loop.time() + GRACE
        for parent in (*self._retired, *([self._parent] if self._parent else ())):
            parent.close(until)
        self._parent = None
        self._retired.clear()
        self._all.clear()
        self._free.clear()

    def _serve(self) -> None:
        """Hand workers to those who wait, as many as there can be."""
        while self._waiting and (worker := self._idle() or self._another()) is not None:
            self._hand_over(worker)

    def _hand_over(self, worker: Worker) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(worker)
                return
        self._free.append(worker)

    def _idle(self) -> Worker | None:
        """Return a free worker, that which was asked last, if there is one that has not ended since."""
        while self._free:
            if not (worker := self._free.pop()).closed:
                return worker
        return None

    def _another(self) -> Worker | None:
        """Return one more worker if there may be one now; where its parent has to be started first, start it."""
        if len(self._all) >= self._kind.most:
            return None
        try:
            if self._parent is None:
                self._parent = Parent(self._kind.module, ready=self._began, lost=self._lost, gone=self._gone)
            worker = self._parent.begin(self._released) if self._parent.ready else None
        except OSError as error:
            self._refuse(f"cannot start a process that asks: {error.strerror}")
            return None
        if worker is not None:
            self._all.add(worker)
        return worker

    def _began(self) -> None:
        self._killed_at_start = False
        self._serve()

    def _released(self, worker: Worker) -> None:
        """Take *worker*, which can be asked again."""
        if worker.closed or worker.questions >= QUESTIONS or not self._is_current(worker):
            worker.end()
            return
        self._hand_over(worker)
        if self._free and self._loop.time() - self._free[0].since > IDLE:
            self._free.pop(0).end()

    def _is_current(self, worker: Worker) -> bool:
        return self._parent is not None and worker in self._parent.workers

    def _lost(self, parent: Parent, worker: Worker, crashed: bool) -> None:  # noqa: FBT001  # a callback
        """Forget *worker*, which has ended, and all of its kind if an answer has broken its library.

        What is forked of one process has its memory laid out as that has, so an attacker must not
        try again with the next.
        """
        self._all.discard(worker)
        with suppress(ValueError):
            self._free.remove(worker)
        if crashed and parent is self._parent:
            self._retire(parent)
        if parent in self._retired and not parent.workers:
            parent.end()
        self._serve()

    def _retire(self, parent: Parent) -> None:
        self._parent = None
        self._retired.add(parent)
        for worker in self._free[:]:
            worker.end()
        self._free.clear()

    def _gone(self, parent: Parent, why: str) -> None:
        """Forget *parent*, which has ended; *why* it could not be set up, or nothing."""
        self._retired.discard(parent)
        if parent is self._parent:
            self._parent = None
        if why and (self._killed_at_start or not parent.killed):
            self._refuse(why)
        self._killed_at_start = bool(why) and parent.killed
        self._serve()

    def _refuse(self, why: str) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(CheckUnavailable(why))
