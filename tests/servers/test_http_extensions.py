"""`httpstatus` and `httpheader` in a file, asked of a web server (aiohttp's) that wants a token."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
from aiohttp import web

from ldirectord_py.config.load import parse
from ldirectord_py.model.checks.check_plan import Repeated
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up
from ldirectord_py.probing.prober import Prober
from ldirectord_py.workers.workers import Workers
from tests.peers.patience import PATIENCE
from tests.unit.config.original import TESTHOST

TOKEN = "rabbit-hole-1865"


class Visit(NamedTuple):
    token: str
    agent: str


@asynccontextmanager
async def guarded() -> AsyncIterator[tuple[int, list[Visit]]]:
    """Serve a page that needs a token, and tells who has none what it has got instead."""
    visits: list[Visit] = []

    async def page(request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "")
        visits.append(Visit(token, request.headers["User-Agent"]))
        if token == f"Bearer {TOKEN}":
            return web.Response(text="I'm alive!")
        return web.Response(status=401, reason=f"Not {token}" if token else "Unauthorized", text=token)

    application = web.Application()
    application.router.add_get("/", page)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield runner.addresses[0][1], visits
    finally:
        await runner.cleanup()


async def asked(port: int, *lines: str) -> Outcome:
    """Return what a check finds whose section has *lines*."""
    section = ("virtual=192.0.2.1:80", f"real=127.0.0.1:{port} masq", "service=http", *lines)
    (virtual,) = parse("\n\t".join(section).encode() + b"\n", "ldirectord.cf", TESTHOST).virtuals
    plan = virtual.reals[0].plan
    assert isinstance(plan, Repeated)
    crashes: list[Exception] = []
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        loop = asyncio.get_running_loop()
        verdict: asyncio.Future[Outcome] = loop.create_future()
        prober = Prober(tasks, Workers(), crashed=lambda _probe, error: crashes.append(error))
        prober.prepare(plan.probe)(lambda outcome, *_: verdict.set_result(outcome), loop.time())
        outcome = await verdict
        prober.close()
    assert crashes == []
    return outcome


async def test_who_has_a_token_is_let_in() -> None:
    async with guarded() as (port, visits):
        lines = (f"httpheader=Authorization: Bearer {TOKEN}", 'httpheader="User-Agent: probe/1"', 'receive="alive"')
        assert await asked(port, *lines) == up("200 OK")
    assert visits == [Visit(f"Bearer {TOKEN}", "probe/1")]


async def test_who_has_none_may_take_that_for_success() -> None:
    async with guarded() as (port, visits):
        assert await asked(port) == down(Reason.STATUS, "401 Unauthorized, expected 2xx")
        assert await asked(port, "httpstatus=200,401") == up("401 Unauthorized")
    assert [visit.agent for visit in visits] == ["ldirectord-py"] * 2


@pytest.mark.parametrize("lines", [(), ("httpstatus=401", 'receive="alive"')], ids=["the status", "the body"])
async def test_a_token_that_is_repeated_is_not_shown(lines: tuple[str, ...]) -> None:
    async with guarded() as (port, _):
        outcome = await asked(port, "httpheader=Authorization: Bearer wrong-token", *lines)
    assert "***" in outcome.detail
    assert "wrong" not in outcome.detail
