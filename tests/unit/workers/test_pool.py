"""Workers have no rights, die alone, and are replaced."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ldirectord_py.checks.databases.mysql import Mysql
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.outcome import Reason
from ldirectord_py.workers.pool import Pool, close_pools, pool
from tests.peers.databases import check, closes
from tests.peers.listeners import serving


@pytest.fixture(autouse=True)
async def _workers_end() -> AsyncIterator[None]:
    yield
    close_pools()


def pids() -> list[int]:
    return [worker._popen.pid for worker in pool(Mysql.worker)._all]


async def test_a_worker_has_no_rights_and_nothing_of_ours() -> None:
    await pool(Mysql.worker).ready()
    (pid,) = pids()
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

    async with serving(silent) as endpoint, asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(check(Mysql, endpoint).run())
        await reached.wait()
        os.kill(pids()[0], signal.SIGSEGV)
    assert asked.result().reason is Reason.PROTOCOL
    assert "killed by SIGSEGV" in asked.result().detail

    async with serving(closes) as endpoint, asyncio.timeout(30):
        assert (await check(Mysql, endpoint).run()).reason is Reason.CLOSED


async def test_servers_that_hang_hold_up_no_other() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(silent) as hanging, serving(closes) as other, asyncio.timeout(40), asyncio.TaskGroup() as tasks:
        stuck = [tasks.create_task(check(Mysql, hanging).run()) for _ in range(3)]
        assert (await check(Mysql, other).run()).reason is Reason.CLOSED
        assert not any(each.done() for each in stuck)
        for each in stuck:
            each.cancel()


async def test_what_cannot_be_started_is_our_own_fault() -> None:
    broken = Pool("ldirectord_py.no_such_module")
    with pytest.raises(CheckUnavailable, match="the process that asks has ended at its start: exit status 1"):
        await broken.ready()
    broken.close()
