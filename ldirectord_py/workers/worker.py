"""One worker process, as the director sees it: our end of its stream, and the question that it is at."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from ldirectord_py.model.workers import WorkerAnswer, WorkerEnded
from ldirectord_py.workers.frames import unpacked

GRACE = 0.5
"""Seconds that a worker has to come to its end by itself, once nobody waits for its answer any more."""
_CHUNK = 1 << 16
_NO_WAIT = False


class WorkerLost(WorkerEnded):
    """The worker has ended, but not over the question as far as one can tell: the next one may answer it."""


class Worker:
    """A worker with at most one question at a time.

    It is *released* when it has answered, and *left* when it is to be ended or has ended by itself; how it has ended
    is told by its parent, see `gone`.
    """

    def __init__(
        self,
        number: int,
        stream: socket.socket,
        released: Callable[["Worker"], None],
        left: Callable[["Worker"], None],
    ) -> None:
        self.number = number
        self.questions = 0
        self._stream = stream
        self._released = released
        self._left = left
        self._loop = asyncio.get_running_loop()
        self.since = self._loop.time()
        """When it was last released (monotonic)."""
        self._buffer = b""
        self._answer: asyncio.Future[WorkerAnswer] | None = None
        self._unsent = memoryview(b"")
        self._undelivered = False
        """Whether it has ended before it had all of its question, which so cannot have ended it."""
        self._grace: asyncio.TimerHandle | None = None
        self.closed = False
        """Whether it is of no use any more."""
        stream.setblocking(_NO_WAIT)
        self._loop.add_reader(stream, self._on_news)

    async def ask(self, question: bytes) -> WorkerAnswer:
        """Return the answer to the frame *question*; raises `WorkerEnded`, or `CheckUnavailable` if there is none."""
        if self.closed:
            raise WorkerLost("it had ended before")
        self.questions += 1
        answer: asyncio.Future[WorkerAnswer] = self._loop.create_future()
        self._answer = answer
        self._unsent = memoryview(question)
        if not self._send():
            self._loop.add_writer(self._stream, self._go_on_sending)
        try:
            return await answer
        except asyncio.CancelledError:
            if self._answer is answer and not self.closed:
                self._part()
            raise

    def _send(self) -> bool:
        """Send what the stream takes; return whether that is all."""
        try:
            self._unsent = self._unsent[self._stream.send(self._unsent) :]
        except BlockingIOError:
            return False
        except OSError:  # it has ended: the reader learns of that
            self._undelivered = True
            return True
        return not self._unsent

    def _go_on_sending(self) -> None:
        if self._send():
            self._loop.remove_writer(self._stream)

    def _part(self) -> None:
        """Nobody waits any more: have it end soon, unless it answers; what has half a question is of no use."""
        if self._unsent:
            self.end()
        else:
            self._grace = self._loop.call_later(GRACE, self.end)

    def end(self) -> None:
        """Have it ended."""
        if self._close():
            self._left(self)

    def gone(self, error: Exception) -> None:
        """Tell the one who waits for its answer that it has ended, as *error* says."""
        self._close()
        if self._undelivered and isinstance(error, WorkerEnded):
            error = WorkerLost(str(error))
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def finish(self, seconds: float) -> None:
        """Let go of it; give it up to *seconds* if it is just coming to its end by itself, see `ask`."""
        if self._grace is not None and not self.closed:
            self._loop.remove_reader(self._stream)
            self._stream.settimeout(max(seconds, 0.001))
            with suppress(OSError):
                self._stream.recv(1)
        self._close()

    def _on_news(self) -> None:
        try:
            data = self._stream.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or self._answer is None or self._unsent:  # at its end, or speaking out of turn
            self.end()
            return
        self._buffer += data
        try:
            told = unpacked(self._buffer)
        except ValueError:
            self.end()
            return
        if told is not None:
            self._buffer = b""
            self._take(WorkerAnswer(*told))

    def _take(self, told: WorkerAnswer) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        answer, self._answer = self._answer, None
        self.since = self._loop.time()
        self._released(self)
        if answer is not None and not answer.done():
            answer.set_result(told)

    def _close(self) -> bool:
        """Close our end; return whether it was open."""
        if self.closed:
            return False
        self.closed = True
        if self._grace is not None:
            self._grace.cancel()
        self._loop.remove_reader(self._stream)
        self._loop.remove_writer(self._stream)
        self._stream.close()
        return True
