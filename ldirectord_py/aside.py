"""Work that may take for ever, out of the way."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


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
        # A signal for the process goes to any thread that does not block it, and the main thread blocks those that
        # ask for the end once that has come: here they would kill it before its pid file is gone.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            try:
                result = work()
            except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's
                loop.call_soon_threadsafe(fail, error)
            else:
                loop.call_soon_threadsafe(succeed, result)

    Thread(target=carry_out, name="aside", daemon=True).start()
    return future
