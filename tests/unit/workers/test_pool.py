"""Workers have no rights, die alone, and are replaced."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ldirectord_py.checks.databases.mysql import Mysql
from ldirectord_py.checks.matching.offload import MATCHING
from ldirectord_py.model.checks.outcome import Reason
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.workers import WorkerEnded, WorkerKind, WorkerQuestion
from ldirectord_py.workers import parent as parent_module
from ldirectord_py.workers.pool import Pool
from ldirectord_py.workers.workers import Workers
from tests.peers import worker_that_cannot_fork
from tests.peers.databases import check, closes
from tests.peers.driver_services import kept_workers, services
from tests.peers.listeners import Answer, serving
from tests.peers.patience import PATIENCE
from tests.peers.worker_processes import children, only, parents, until_gone


@pytest.fixture(autouse=True)
async def workers() -> AsyncIterator[Workers]:
    with kept_workers() as kept:
        yield kept


def worker_of_mysql() -> int:
    return only(children(only(parents("mysql_worker"))))


@pytest.mark.parametrize("kind", [Mysql.worker, MATCHING], ids=["database", "patterns"])
@pytest.mark.parametrize("whose", ["the worker's", "its parent's"])
async def test_a_worker_has_no_rights_and_nothing_of_ours(workers: Workers, kind: WorkerKind, whose: str) -> None:
    await workers.ready(kind)
    parent = only(parents(kind.module))
    async with asyncio.timeout(PATIENCE):
        while not children(parent):
            await asyncio.sleep(0)
    pid = parent if whose == "its parent's" else only(children(parent))
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )

    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    if os.geteuid() == 0:
        assert int(status["CapBnd"], 16) == 0
        assert status["Groups"].split() == []
        variables = Path(f"/proc/{pid}/environ").read_bytes()
        assert {word.partition(b"=")[0] for word in variables.split(b"\0") if word} == {
            b"PYTHONPATH",
            b"HOME",
            b"LC_ALL",
        }


async def test_a_worker_that_ends_over_a_check_is_the_servers_and_another_follows() -> None:
    reached = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()

    async with serving(silent) as endpoint, asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(check(Mysql, endpoint).run(services()))
        await reached.wait()
        os.kill(worker_of_mysql(), signal.SIGSEGV)
    assert asked.result().reason is Reason.PROTOCOL
    assert "killed by SIGSEGV" in asked.result().detail

    async with serving(closes) as endpoint, asyncio.timeout(PATIENCE):
        assert (await check(Mysql, endpoint).run(services())).reason is Reason.CLOSED


async def test_servers_that_hang_hold_up_no_other() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with (
        serving(silent) as hanging,
        serving(closes) as other,
        asyncio.timeout(PATIENCE),
        asyncio.TaskGroup() as tasks,
    ):
        stuck = [tasks.create_task(check(Mysql, hanging).run(services())) for _ in range(3)]
        assert (await check(Mysql, other).run(services())).reason is Reason.CLOSED
        assert not any(each.done() for each in stuck)
        for each in stuck:
            each.cancel()


async def test_what_cannot_be_started_is_our_own_fault() -> None:
    broken = Pool(replace(Mysql.worker, module="ldirectord_py.no_such_module"))
    with pytest.raises(CheckUnavailable, match="the process that asks has ended at its start: exit status 1"):
        await broken.ready()
    broken.close()


def hangs_up_at_last(reached: asyncio.Event, connections: list[int]) -> Answer:
    """Return a server that says nothing to whoever comes first, and hangs up on others."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(len(connections))
        reached.set()
        if len(connections) == 1:
            await reader.read()
        else:
            await closes(reader, writer)

    return answer


@pytest.mark.parametrize("whom", ["the worker", "its parent", "both"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_an_end_from_outside_costs_no_answer(whom: str, number: signal.Signals) -> None:
    reached = asyncio.Event()
    connections: list[int] = []
    server = hangs_up_at_last(reached, connections)
    async with serving(server) as endpoint, asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(check(Mysql, endpoint).run(services()))
        await reached.wait()
        parent = only(parents("mysql_worker"))
        match whom:
            case "the worker":
                os.kill(only(children(parent)), number)
            case "its parent":
                os.kill(parent, number)
            case _:
                os.killpg(parent, number)
        await asked
    assert asked.result().reason is Reason.CLOSED
    assert connections == [0, 1]


async def test_a_question_that_ends_two_workers_is_not_asked_again() -> None:
    async def ended(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        os.kill(worker_of_mysql(), signal.SIGKILL)
        await reader.read()

    async with serving(ended) as endpoint, asyncio.timeout(PATIENCE):
        outcome = await check(Mysql, endpoint).run(services())
    assert outcome.reason is Reason.PROTOCOL
    assert "killed by SIGKILL" in outcome.detail


async def test_a_killed_start_is_tried_again_once(workers: Workers) -> None:
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        wanted = tasks.create_task(workers.ready(MATCHING))
        await asyncio.sleep(0)
        first = workers.pool(MATCHING)._parent
        assert first is not None
        first._popen.kill()
        await wanted
    assert workers.pool(MATCHING)._parent is not first


async def test_what_ended_for_its_time_is_followed_by_another_of_the_same_parent(workers: Workers) -> None:
    await workers.ready(MATCHING)
    parent = only(parents(MATCHING.module))
    question = WorkerQuestion(told={"pattern": r"(?<=a\w)\w*[;:]"}, data=b"a" * 262_144, microseconds=20_000)
    with pytest.raises(WorkerEnded, match="killed by SIGPROF"):
        await workers.ask(MATCHING, question)
    answer = await workers.ask(MATCHING, replace(question, data=b"aaa;"))
    assert answer.told == {"found": True}
    assert only(parents(MATCHING.module)) == parent


async def test_after_a_crash_workers_have_another_parent_whose_memory_is_laid_out_anew(workers: Workers) -> None:
    await workers.ready(MATCHING)
    before = only(parents(MATCHING.module))
    async with asyncio.timeout(PATIENCE):
        while not children(before):
            await asyncio.sleep(0)
        os.kill(only(children(before)), signal.SIGSEGV)
        await until_gone(before)
    await workers.ready(MATCHING)
    assert only(parents(MATCHING.module)) != before


async def test_a_worker_that_cannot_be_forked_is_our_own_fault(workers: Workers) -> None:
    kind = replace(MATCHING, module=worker_that_cannot_fork.__name__)
    async with asyncio.timeout(PATIENCE):
        for _ in range(3):
            with pytest.raises(CheckUnavailable, match="cannot start a process that asks: Resource temporarily unav"):
                await workers.ask(kind, WorkerQuestion(told={}))


async def test_what_ended_idle_workers_cannot_have_been_a_question(workers: Workers) -> None:
    async with asyncio.timeout(PATIENCE), serving(closes) as endpoint:
        held = []
        for _ in range(3):
            await workers.ready(Mysql.worker)
            held.append(workers.pool(Mysql.worker)._free.pop())
        for worker in held:
            workers.pool(Mysql.worker)._released(worker)
        parent = only(parents("mysql_worker"))
        while len(children(parent)) < 3:
            await asyncio.sleep(0)
        idle = children(parent)
        for child in idle:
            os.kill(child, signal.SIGSEGV)
        await until_gone(*idle)
        assert (await check(Mysql, endpoint).run(services())).reason is Reason.CLOSED


async def test_a_parent_that_says_nothing_is_replaced(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent_module, "SILENCE", 0.1)
    await workers.ready(MATCHING)
    parent = only(parents(MATCHING.module))
    os.kill(parent, signal.SIGSTOP)
    workers.pool(MATCHING)._free.pop().end()
    await until_gone(parent)
    answer = await workers.ask(MATCHING, WorkerQuestion(told={"pattern": "o+k"}, data=b"ok"))
    assert answer.told == {"found": True}


async def test_answers_that_nobody_waits_for_are_nobody_s(workers: Workers) -> None:
    question = WorkerQuestion(told={"pattern": r"(?<=a\w)\w*[;:]"}, data=b"a" * 8000)
    for _ in range(5):
        async with asyncio.TaskGroup() as tasks:
            asked = tasks.create_task(workers.ask(MATCHING, question))
            while not any(worker._answer for worker in workers.pool(MATCHING)._all):
                await asyncio.sleep(0)
            asked.cancel()
        found = await workers.ask(MATCHING, WorkerQuestion(told={"pattern": "o+k"}, data=b"ok"))
        assert found.told == {"found": True}


async def test_a_worker_that_ends_amid_a_long_question_costs_no_answer(workers: Workers) -> None:
    await workers.ready(MATCHING)
    parent = only(parents(MATCHING.module))
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        while not children(parent):
            await asyncio.sleep(0)
        worker = only(children(parent))
        os.kill(worker, signal.SIGSTOP)
        question = WorkerQuestion(told={"pattern": "o+k"}, data=b"ok" * 500_000)  # more than a socket holds
        asked = tasks.create_task(workers.ask(MATCHING, question))
        while not any(each._answer for each in workers.pool(MATCHING)._all):
            await asyncio.sleep(0)
        os.kill(worker, signal.SIGKILL)
        assert (await asked).told == {"found": True}
