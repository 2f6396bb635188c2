"""Work in threads: out of signals' way, bounded, in order, and what becomes of it."""

import asyncio
import os
import signal
import threading

import pytest

from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.system.daemon_thread import Threads, in_thread
from ldirectord_py.system.threads import begin


async def test_no_more_than_so_many_work_at_a_time_and_the_others_wait_in_line() -> None:
    threads, over = Threads(2), threading.Event()
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        over.wait(10)
        return number

    asked = [threads.in_thread(lambda number=number: work(number)) for number in range(5)]
    while len(begun) < 2:
        await asyncio.sleep(0)
    held = sorted(begun)
    over.set()

    assert await asyncio.gather(*asked) == [0, 1, 2, 3, 4]
    assert held == [0, 1]


async def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    threads, over = Threads(1), threading.Event()
    done: list[str] = []
    first = threads.in_thread(lambda: over.wait(10))
    given_up = threads.in_thread(lambda: done.append("given up"))
    last = threads.in_thread(lambda: done.append("last"))

    given_up.cancel()
    over.set()
    await first
    await last

    assert done == ["last"]


async def test_a_thread_whose_work_nobody_waits_for_is_in_use_until_it_ends() -> None:
    threads, over = Threads(1), threading.Event()
    given_up = threads.in_thread(lambda: over.wait(10))
    second = threads.in_thread(over.is_set)

    given_up.cancel()
    asyncio.get_running_loop().call_soon(over.set)

    assert await second


async def test_what_is_raised_is_raised_to_who_waits() -> None:
    with pytest.raises(ZeroDivisionError):
        await Threads(1).in_thread(lambda: 1 // 0)


async def test_where_no_thread_can_be_had_that_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads = Threads(1)
    with monkeypatch.context() as limited:
        limited.setattr(threading.Thread, "start", refuse)
        with pytest.raises(CheckUnavailable, match="no thread can be started"):
            await threads.in_thread(lambda: None)

    assert await threads.in_thread(lambda: "again") == "again"


def blocked_in(thread: threading.Thread) -> int:
    """Return the signals that *thread* blocks, as a mask (proc_pid_status(5))."""
    with open(f"/proc/self/task/{thread.native_id}/status") as status:  # noqa: PTH123  # a file of the kernel's
        (mask,) = (line.split()[1] for line in status if line.startswith("SigBlk:"))
    return int(mask, 16)


def test_no_signal_reaches_a_thread_and_the_starter_keeps_its_mask():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    go = threading.Event()
    thread = begin(go.wait, "waits")
    blocked = blocked_in(thread)
    go.set()
    thread.join()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        assert blocked >> number - 1 & 1
    assert thread.daemon


async def test_what_work_returns_or_raises_comes_back():
    def fails() -> None:
        raise OSError(5, "no")

    assert await in_thread(os.getpid) == os.getpid()
    with pytest.raises(OSError, match="no"):
        await in_thread(fails)
