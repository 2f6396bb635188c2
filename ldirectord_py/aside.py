"""Work that may take for ever, out of the way."""

import asyncio
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any, TypeVar

from ldirectord_py.model.errors import CheckUnavailable

T = TypeVar("T")

NO_THREAD = "no thread can be started: look at TasksMax and at the memory"


def begin(work: Callable[[], None], name: str) -> Thread:
    """Start a thread that does *work*, that no signal reaches, and that the end of the process does not wait for.

    A signal for the process goes to any thread that does not block it, and the main thread blocks those that ask for
    the end once that has come: in another thread they would kill the process before its pid file is gone.
    Raises `RuntimeError` if the machine or the unit has no room for a thread.
    """
    thread = Thread(target=work, name=name, daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        thread.start()  # it has the mask of whoever starts it
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread


def aside(work: Callable[[], T]) -> asyncio.Future[T]:
    """Have *work* done in a thread of its own; the future is what it returns or raises.

    Unlike with `asyncio.to_thread` the process does not wait for the thread when it ends: a name server or a network
    file system that keeps silent must not keep it.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def fail(error: Exception) -> None:
        if not future.cancelled():
            future.set_exception(error)

    def succeed(result: T) -> None:
        if not future.cancelled():
            future.set_result(result)

    def carry_out() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            try:
                result = work()
            except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's
                loop.call_soon_threadsafe(fail, error)
            else:
                loop.call_soon_threadsafe(succeed, result)

    begin(carry_out, "aside")
    return future


async def in_thread(work: Callable[[], T]) -> T:
    """Return what *work* returns, done by `aside`; raises `CheckUnavailable` if no thread can be started."""
    try:
        future = aside(work)
    except RuntimeError as error:
        raise CheckUnavailable(NO_THREAD) from error
    return await future


class Threads:
    """At most *most* threads of `aside` at a time; further work waits in line for one."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()

    def aside(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Have *work* done as `aside` does; the future fails with `CheckUnavailable` if no thread can be started."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        self._begin()
        return future

    def _begin(self) -> None:
        while self._free and self._waiting:
            work, future = self._waiting.popleft()
            if not future.cancelled():
                self._start(work, future)

    def _start(self, work: Callable[[], T], future: asyncio.Future[T]) -> None:
        try:
            begun = aside(work)
        except RuntimeError:  # by Python's `Thread.start`, whatever the kernel's reason was
            future.set_exception(CheckUnavailable(NO_THREAD))
            return
        self._free -= 1
        begun.add_done_callback(partial(self._end, future))

    def _end(self, future: asyncio.Future[T], done: asyncio.Future[T]) -> None:
        self._free += 1
        error = done.exception()
        if not future.cancelled():
            if error is None:
                future.set_result(done.result())
            else:
                future.set_exception(error)
        self._begin()
