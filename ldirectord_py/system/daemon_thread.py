"""Blocking calls that may never return, such as DNS look-ups, in threads that the process does not wait for."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.system.threads import NoThread, begin

T = TypeVar("T")


def in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """Have *work* done in a thread of its own; the future is what it returns or raises.

    Unlike with `asyncio.to_thread` the process does not wait for the thread when it ends: a name server or a network
    file system that keeps silent must not keep it.  Raises `NoThread`.
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

    begin(carry_out, "in a thread")
    return future


class Threads:
    """At most *most* threads of `in_thread` at a time; further work waits in line for one."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()

    def in_thread(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Have *work* done as `in_thread` does; the future fails with `CheckUnavailable` if there is no thread."""
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
            begun = in_thread(work)
        except NoThread as error:
            future.set_exception(CheckUnavailable(error.sentence))
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
