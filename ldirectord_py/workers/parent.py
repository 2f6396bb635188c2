"""The parent of workers, as the director sees it: the one process that is started, and that forks the others."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.workers import WorkerEnded
from ldirectord_py.system.processes import ProgramResult
from ldirectord_py.workers.frames import BEGIN, END, ENDED, LONGEST_MESSAGE, READY, STATUS, UNAVAILABLE, decoded
from ldirectord_py.workers.worker import Worker, WorkerLost

SILENCE = 5.0
"""Seconds within which a parent has to say how a worker has ended; else it is ended itself."""
CRASHES = frozenset((signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGSYS))
"""How an answer ends a worker whose library it breaks."""
TOO_LONG = signal.SIGPROF
"""How a worker ends that needs more processor time than its question allows."""
_REAPED_AGAIN = 0.005
_NO_WAIT = False
_ROOT = str(Path(__file__).parents[2])

Released = Callable[[Worker], None]


class Parent:
    """A process that has loaded *module*; raises OSError where there can be none.

    It is *ready* when it can fork workers, and *gone* when it has ended; *gone* is handed why it could not be set up.
    *lost* is handed each worker that has ended, and whether an answer has crashed its library.
    """

    def __init__(
        self,
        module: str,
        *,
        ready: Callable[[], None],
        lost: Callable[["Parent", Worker, bool], None],
        gone: Callable[["Parent", str], None],
    ) -> None:
        self._on_ready = ready
        self._on_lost = lost
        self._on_gone = gone
        self._loop = asyncio.get_running_loop()
        self._workers: dict[int, Worker] = {}
        self._last = 0
        self._ending: set[int] = set()
        self._silence: asyncio.TimerHandle | None = None
        self._reaping: asyncio.TimerHandle | None = None
        self._was_ready = self._closed = False
        self._why = ""
        self.killed = False
        """Whether a signal has ended it."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._popen = _popen(module, theirs.fileno())
            except OSError:
                self._control.close()
                raise
        self._control.setblocking(_NO_WAIT)
        self._loop.add_reader(self._control, self._on_news)

    @property
    def ready(self) -> bool:
        """Whether it can fork workers."""
        return self._was_ready and not self._closed

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Those that have not ended yet."""
        return tuple(self._workers.values())

    def begin(self, released: Released) -> Worker | None:
        """Have a worker forked, which can be asked at once; return None where this process turns out to be gone."""
        ours, theirs = socket.socketpair()
        self._last += 1
        with theirs:
            try:
                socket.send_fds(self._control, [json.dumps({BEGIN: self._last}).encode()], [theirs.fileno()])
            except OSError:
                ours.close()
                self.end()
                return None
        worker = self._workers[self._last] = Worker(self._last, ours, released, self._left)
        return worker

    def end(self) -> None:
        """End it and its workers; `gone` is called once that is done."""
        if self._close():
            self._kill()
            self._reap()

    def close(self, until: float) -> None:
        """End it and its workers, and wait for that; those that are coming to their end have *until* (monotonic)."""
        for worker in self.workers:
            worker.finish(until - self._loop.time())
        self._close()
        if self._reaping is not None:
            self._reaping.cancel()
        self._kill()
        self._popen.wait()

    def _left(self, worker: Worker) -> None:
        """Ask how *worker* has ended, and have it ended unless it has."""
        if self._closed:
            return
        try:
            self._control.send(json.dumps({END: worker.number}).encode())
        except OSError:
            self.end()
            return
        self._ending.add(worker.number)
        if self._silence is None:
            self._silence = self._loop.call_later(SILENCE, self.end)

    def _on_news(self) -> None:
        try:
            message = self._control.recv(LONGEST_MESSAGE)
            told = decoded(message) if message else {}
        except BlockingIOError:
            return
        except (OSError, ValueError):
            told = {}
        if READY in told:
            self._was_ready = True
            self._on_ready()
        elif (worker := self._workers.pop(told.get(ENDED, 0), None)) is not None:
            self._take_end(worker, told)
        else:
            self._why = str(told.get(UNAVAILABLE, ""))
            self.end()

    def _take_end(self, worker: Worker, told: dict[str, Any]) -> None:
        self._ending.discard(worker.number)
        if self._silence is not None:
            self._silence.cancel()
        self._silence = self._loop.call_later(SILENCE, self.end) if self._ending else None
        if UNAVAILABLE in told:
            worker.gone(CheckUnavailable(str(told[UNAVAILABLE])))
            self._on_lost(self, worker, False)  # noqa: FBT003  # a callback's
            return
        status = int(told[STATUS])
        how, crashed = str(ProgramResult(status)), -status in CRASHES
        worker.gone(WorkerEnded(how) if crashed or -status == TOO_LONG else WorkerLost(how))
        self._on_lost(self, worker, crashed)

    def _close(self) -> bool:
        """Close our end; return whether it was open."""
        if self._closed:
            return False
        self._closed = True
        if self._silence is not None:
            self._silence.cancel()
        self._loop.remove_reader(self._control)
        self._control.close()
        return True

    def _kill(self) -> None:
        if self._popen.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)

    def _reap(self) -> None:
        """Learn how it has ended, without waiting: to give back much memory takes the kernel a while."""
        if (status := self._popen.poll()) is None:
            self._reaping = self._loop.call_later(_REAPED_AGAIN, self._reap)
            return
        how, self.killed = str(ProgramResult(status)), status < 0
        for worker in self.workers:
            worker.gone(WorkerLost(how))
            self._on_lost(self, worker, False)  # noqa: FBT003  # a callback's
        self._workers.clear()
        at_start = self._why or f"the process that asks has ended at its start: {how}"
        self._on_gone(self, "" if self._was_ready else at_start)


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
