"""One worker process, and our end of its standard input and output."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ldirectord_py.system.processes import ProgramResult
from ldirectord_py.workers.frames import READY, UNAVAILABLE, unpacked

GRACE = 0.5
"""Seconds that a worker has to come to its end by itself, once nobody waits for its answer any more."""
_CHUNK = 1 << 16
_REAPED_AGAIN = 0.005
_NO_WAIT = False
_ROOT = str(Path(__file__).parents[2])


class WorkerEnded(Exception):
    """The worker has ended over a question; the message is how."""


class Worker:
    """A process that runs *module*.  It is *released* when it can be asked, and *gone* when it has ended.

    *gone* is handed why it could not be started, if so.  Raises OSError where there can be none.
    """

    def __init__(
        self, module: str, released: Callable[["Worker"], None], gone: Callable[["Worker", str], None]
    ) -> None:
        self._released = released
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._answer: asyncio.Future[dict[str, Any]] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ready = self._closed = False
        self._why = ""
        self.questions = 0
        self.since = self._loop.time()
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self._popen = _popen(module, theirs.fileno())
            except OSError:
                self._socket.close()
                raise
        self._socket.setblocking(_NO_WAIT)
        self._loop.add_reader(self._socket, self._on_news)

    async def ask(self, question: bytes) -> dict[str, Any]:
        """Return the answer to the frame *question*; raises `WorkerEnded`."""
        self.questions += 1
        answer: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._answer = answer
        try:
            with suppress(OSError):  # it has ended: the reader learns how
                await self._loop.sock_sendall(self._socket, question)
            return await answer
        except asyncio.CancelledError:
            if not self._closed:
                self._timer = self._loop.call_later(GRACE, self.end)
            raise

    def end(self) -> None:
        """End it; `gone` is called once it has ended."""
        self._close()
        self._reap()

    def part(self) -> None:
        """Let go of it, and end it unless it is just coming to its end: see `ask`."""
        self._close(kill=self._timer is None)

    def close(self, seconds: float) -> None:
        """End it, at once or in *seconds* if it has not ended by itself, and wait for that."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(seconds, 0))
        self._popen.kill()
        self._popen.wait()

    def _on_news(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._buffer += data
        try:
            told = unpacked(self._buffer) if data else {}
        except ValueError:
            told = {}
        if told is not None:
            self._buffer = b""
            self._take(told)

    def _take(self, told: dict[str, Any]) -> None:
        if told and self._ready:
            if self._timer is not None:
                self._timer.cancel()
            answer, self._answer = self._answer, None
            self._free()
            if answer is not None and not answer.done():
                answer.set_result(told)
        elif READY in told:
            self._ready = True
            self._free()
        else:
            self._why = str(told.get(UNAVAILABLE, ""))
            self.end()

    def _free(self) -> None:
        self.since = self._loop.time()
        self._released(self)

    def _close(self, *, kill: bool = True) -> None:
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()
        if kill:
            self._popen.kill()  # changes nothing of how it ends, if it is at its end already

    def _reap(self) -> None:
        """Learn how it has ended, without waiting: to give back much memory takes the kernel a while."""
        if (status := self._popen.poll()) is None:
            self._loop.call_later(_REAPED_AGAIN, self._reap)
            return
        how = str(ProgramResult(status))
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(WorkerEnded(how))
        self._gone(self, "" if self._ready else self._why or f"the process that asks has ended at its start: {how}")


def _popen(module: str, ours: int) -> "subprocess.Popen[bytes]":
    # -P: the folder that we were started in is no place to import from; where we ourselves are, is.
    places = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(  # noqa: S603  # a program of ours
        (sys.executable, "-P", "-m", module, str(os.getpid())),
        stdin=ours,
        stdout=ours,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PYTHONPATH": places, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"},
        process_group=0,  # a terminal's interrupt is for the director
    )
