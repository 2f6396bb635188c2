import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from ldirectord_py.checks.matching.offload import MATCHING, MOST_CPU, MOST_HELD, OVERLOADED, Allowance, Matcher
from ldirectord_py.checks.matching.patterns import LONGEST_AT_ONCE, PatternGaveUp, Receive
from ldirectord_py.model.checks.outcome import Reason, Verdict
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.workers.pool import Pool
from ldirectord_py.workers.worker import Worker, WorkerLost
from ldirectord_py.workers.workers import Workers
from tests.peers.databases import says
from tests.peers.listeners import serving
from tests.peers.options import checking
from tests.peers.patience import PATIENCE
from tests.peers.worker_processes import children, only, parents, until_gone

INTRICATE = Receive(rb"(?s)^(?:(?!ERROR).)*$")
CAREFUL = Receive(b"o+k")
ENDLESS = Receive(rb"(?<=a\w)\w*[;:]")
"""For each place the rest of the page is passed over: quadratic, and none of it a step."""
LONG = b"a" * 262_144


class Asked:
    """A matcher, asked with an allowance of its own each time."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.matcher = Matcher(workers)

    @property
    def pool(self) -> Pool:
        return self.workers.pool(MATCHING)

    async def matches(self, pattern: Receive, subject: bytes) -> bool:
        return await self.matcher.matches(pattern, subject, Allowance())


@pytest.fixture
async def in_thread() -> AsyncIterator[Asked]:
    workers = Workers()
    async with asyncio.timeout(PATIENCE):
        yield Asked(workers)
    workers.close()


def supervisors(pid: int | str = "self") -> list[int]:
    return parents("matching.worker", pid)


def bounded(pool: Pool, monkeypatch: pytest.MonkeyPatch, **bounds: float) -> None:
    """Have *pool* keep to other *bounds* than it usually does."""
    monkeypatch.setattr(pool, "_kind", replace(MATCHING, **bounds))


async def begun(pool: Pool) -> None:
    """Return once a question's turn has come; its answer must not be there as soon."""
    while not any(worker._answer for worker in pool._all):
        await asyncio.sleep(0)


async def occupied(pool: Pool) -> Worker:
    """Take the worker for a question that goes on until `_released`."""
    await pool.ready()
    return pool._free.pop()


@asynccontextmanager
async def busy(pool: Pool) -> AsyncIterator[None]:
    """Have the line stand still meanwhile."""
    worker = await occupied(pool)
    yield
    pool._released(worker)


async def test_it_answers_as_the_pattern_does(in_thread: Asked) -> None:
    assert await in_thread.matches(CAREFUL, b"x" * 100_000 + b"ok")
    assert not await in_thread.matches(CAREFUL, b"x" * 100_000)
    assert await in_thread.matches(INTRICATE, b"fine " * 1500)
    assert not await in_thread.matches(INTRICATE, b"fine " * 1500 + b"ERROR")
    with pytest.raises(PatternGaveUp):
        await in_thread.matches(Receive(b"^(a+)+$"), b"a" * 20_000 + b"b")


async def test_nothing_is_started_before_the_first_question(in_thread: Asked) -> None:
    assert supervisors() == []
    await in_thread.matches(CAREFUL, b"ok")
    assert len(supervisors()) == 1


async def test_many_questions_at_a_time_wait_in_line(in_thread: Asked) -> None:
    subjects = [b"x" * number + b"ok" * (number % 2) for number in range(200)]
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(in_thread.matches(CAREFUL, subject)) for subject in subjects]
    assert [task.result() for task in asked] == [bool(number % 2) for number in range(200)]
    assert len(supervisors()) == 1


async def test_what_takes_too_long_gives_up_and_the_next_is_answered_by_the_same_process(in_thread: Asked) -> None:
    assert await in_thread.matches(CAREFUL, b"ok")
    before = supervisors()
    for _ in range(3):
        with pytest.raises(PatternGaveUp):
            await in_thread.matches(ENDLESS, LONG)
        assert await in_thread.matches(CAREFUL, b"ok")
    assert supervisors() == before


async def test_a_check_has_so_much_for_all_its_questions_together(in_thread: Asked) -> None:
    allowance = Allowance()
    assert await in_thread.matcher.matches(CAREFUL, b"ok", allowance)
    left = allowance.microseconds
    assert 0 < left < MOST_CPU * 1e6
    with suppress(PatternGaveUp):
        for _ in range(100):  # each takes some milliseconds
            await in_thread.matcher.matches(ENDLESS, LONG[:8000], allowance)
    assert allowance.microseconds <= 0
    with pytest.raises(PatternGaveUp):
        await in_thread.matcher.matches(CAREFUL, b"ok", allowance)


@pytest.fixture
def heeding_hangups() -> Iterator[None]:
    """Begin programs that SIGHUP ends, as the daemon does; under nohup(1) this process ignores it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("heeding_hangups")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("whom", ["the process", "its worker"])
async def test_an_end_from_outside_costs_no_answer(in_thread: Asked, number: signal.Signals, whom: str) -> None:
    assert await in_thread.matches(CAREFUL, b"ok")
    supervisor = only(supervisors())
    worker = only(children(supervisor))
    os.kill(supervisor if whom == "the process" else worker, number)
    await until_gone(supervisor if whom == "the process" else worker)
    assert await in_thread.matches(CAREFUL, b"ok")
    assert not await in_thread.matches(CAREFUL, b"x")


async def test_an_end_amid_an_answer_from_outside_costs_no_answer(in_thread: Asked) -> None:
    assert await in_thread.matches(CAREFUL, b"ok")
    supervisor = only(supervisors())
    os.kill(only(children(supervisor)), signal.SIGSTOP)
    asked = asyncio.get_running_loop().create_task(in_thread.matches(CAREFUL, b"ok" * 50_000))
    await begun(in_thread.pool)
    os.killpg(supervisor, signal.SIGKILL)
    assert await asked


async def test_a_crash_over_a_question_is_the_question_s(in_thread: Asked) -> None:
    assert await in_thread.matches(CAREFUL, b"ok")
    worker = only(children(only(supervisors())))
    os.kill(worker, signal.SIGSTOP)
    asked = asyncio.get_running_loop().create_task(in_thread.matches(CAREFUL, b"ok"))
    await begun(in_thread.pool)
    await asyncio.sleep(0)
    os.kill(worker, signal.SIGSEGV)
    os.kill(worker, signal.SIGCONT)
    with pytest.raises(PatternGaveUp):
        await asked
    assert await in_thread.matches(CAREFUL, b"ok")


async def test_a_question_that_ends_the_process_twice_is_given_up(in_thread: Asked) -> None:
    asked = asyncio.get_running_loop().create_task(in_thread.matches(ENDLESS, LONG))
    while not asked.done():
        for supervisor in filter(children, supervisors()):
            with suppress(ProcessLookupError):
                os.killpg(supervisor, signal.SIGKILL)
        await asyncio.sleep(0)

    with pytest.raises(PatternGaveUp) as end:
        await asked
    assert isinstance(end.value.__cause__, WorkerLost)


async def test_one_that_hangs_is_replaced(in_thread: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await in_thread.matches(CAREFUL, b"ok")
    supervisor = only(supervisors())
    worker = only(children(supervisor))
    os.kill(worker, signal.SIGSTOP)
    bounded(in_thread.pool, monkeypatch, longest_answer=0.2)
    with pytest.raises(CheckUnavailable, match=r"is silent for 0\.2 s"):
        await in_thread.matches(CAREFUL, b"ok")
    await until_gone(worker)
    monkeypatch.undo()
    assert await in_thread.matches(CAREFUL, b"ok")
    assert only(children(supervisor)) != worker


async def test_who_is_cancelled_leaves_no_answer_for_the_next(in_thread: Asked) -> None:
    assert await in_thread.matches(CAREFUL, b"ok")
    os.kill(only(children(only(supervisors()))), signal.SIGSTOP)
    asked = asyncio.get_running_loop().create_task(in_thread.matches(CAREFUL, b"ok" * 100_000))
    await begun(in_thread.pool)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not await in_thread.matches(CAREFUL, b"x")
    assert in_thread.pool._held == 0


async def test_who_waits_in_line_too_long_hears_so(in_thread: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    bounded(in_thread.pool, monkeypatch, longest_wait=0.05)
    async with busy(in_thread.pool):
        with pytest.raises(CheckUnavailable, match="more patterns to match than it can"):
            await in_thread.matches(CAREFUL, b"ok")
    assert await in_thread.matches(CAREFUL, b"ok")
    assert in_thread.pool._held == 0


async def test_the_line_has_room_for_so_many_bytes(in_thread: Asked) -> None:
    subject = b"x" * (MOST_HELD // 2)
    async with asyncio.TaskGroup() as tasks, busy(in_thread.pool):
        first = [tasks.create_task(in_thread.matches(CAREFUL, subject)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(CheckUnavailable, match="more patterns to match than it can"):
            await in_thread.matches(CAREFUL, b"ok")
        for task in first:
            task.cancel()
    assert await in_thread.matches(CAREFUL, b"ok")


async def test_closed_it_leaves_nothing_behind() -> None:
    one = Asked(Workers())
    assert await one.matches(CAREFUL, b"ok")
    supervisor = only(supervisors())
    worker = only(children(supervisor))
    one.workers.close()
    await until_gone(supervisor, worker)


ASKS = """
import asyncio, sys
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.matching.offload import Allowance, Matcher
from ldirectord_py.workers.workers import Workers

async def main():
    one = Matcher(Workers())
    await one.matches(Receive(b"o+k"), b"ok", Allowance())
    print("asked", flush=True)
    if sys.argv[1] == "amid":
        await one.matches(Receive(rb"(?<=a\\w)\\w*[;:]"), b"a" * 262_144, Allowance())
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("when", ["idle", "amid"])
async def test_it_does_not_outlive_a_director_that_is_killed(when: str) -> None:
    with subprocess.Popen([sys.executable, "-c", ASKS, when], stdout=subprocess.PIPE, text=True) as director:
        assert director.stdout is not None
        assert await asyncio.to_thread(director.stdout.readline) == "asked\n"
        supervisor = only(supervisors(director.pid))
        worker = only(children(supervisor))
        director.kill()
        director.wait()
        await until_gone(supervisor, worker)


async def test_its_command_line_is_always_the_same(in_thread: Asked) -> None:
    assert await in_thread.matches(Receive(b"s+ecret"), b"ssecret")
    supervisor = only(supervisors())
    for pid in (supervisor, only(children(supervisor))):
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        assert words == [sys.executable, "-P", "-m", MATCHING.module, str(os.getpid()), ""]


@pytest.mark.parametrize(
    ("pattern", "subject", "found"),
    [
        (b"alive", b"x" * 262_144 + b"alive", True),
        (b"(?i)i'm alive[!.]", b"x" * 262_144 + b"I'M ALIVE!", True),
        (rb"OK \d\d", b"OK " * 80_000, False),
        (b"(up|ok)$", b"x" * 262_144, False),
        (b"o+k", b"x" * (LONGEST_AT_ONCE - 1) + b"k", False),
        (b"o+k", b"x" * (LONGEST_AT_ONCE + 1), None),
        (b"(?:a|a)*[bc]", b"a" * LONGEST_AT_ONCE, None),
        (rb"(a)\1", b"x" * 262_144, None),
        (b"(?=alive)", b"x" * 262_144, None),
    ],
)
def test_what_is_matched_at_once_is_cheap(pattern: bytes, subject: bytes, found: bool | None) -> None:
    assert Receive(pattern).matches_at_once(subject) is found


SLOW_PAGE = says(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(LONG), LONG), first=False)


async def test_a_check_whose_answer_waits_for_us_too_long_says_nothing_of_the_server(
    in_thread: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded(in_thread.pool, monkeypatch, longest_wait=0.05)
    async with serving(SLOW_PAGE) as endpoint, checking(workers=in_thread.workers) as check, busy(in_thread.pool):
        outcome = await check(endpoint, service="http", receive="o+k")

    assert (outcome.verdict, outcome.reason) == (Verdict.FAULT, Reason.LOCAL)
    assert outcome.detail == OVERLOADED


async def test_an_answer_in_time_is_judged_by_what_it_is_however_late_it_is_matched(in_thread: Asked) -> None:
    # Else a server would only have to answer at the last moment, to be neither up nor down.
    async with serving(SLOW_PAGE) as endpoint, checking(workers=in_thread.workers) as check:
        worker = await occupied(in_thread.pool)
        loop = asyncio.get_running_loop()
        asked = loop.create_task(check(endpoint, service="http", receive="o+k", negotiatetimeout=0.3))
        loop.call_later(0.6, in_thread.pool._released, worker)
        outcome = await asked

    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.MISMATCH)


async def test_who_takes_more_than_its_allowance_is_down() -> None:
    async with serving(SLOW_PAGE) as endpoint, checking() as check:
        outcome = await check(endpoint, service="http", receive=ENDLESS.text.decode())

    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.MISMATCH)
    assert "gave up on the body" in outcome.detail


async def test_what_comes_after_a_late_match_is_late(in_thread: Asked) -> None:
    async def lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(LONG[:20_000] + b"\n")
        await reader.read()
        await asyncio.Event().wait()

    async with serving(lines) as endpoint, checking(workers=in_thread.workers) as check:
        worker = await occupied(in_thread.pool)
        loop = asyncio.get_running_loop()
        asked = loop.create_task(check(endpoint, service="simpletcp", request="?", receive="o+k", negotiatetimeout=0.3))
        loop.call_later(0.6, in_thread.pool._released, worker)
        outcome = await asked

    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.TIMEOUT)
    assert outcome.detail == "answer not complete within 0.3 s: 20001 bytes had come"
