"""How long the phases of a conversation take, against real servers that take their time."""

import asyncio
import ssl

import pytest

from ldirectord_py.model.checks.outcome import Phase, Verdict
from tests.peers.certificates import Authority
from tests.peers.listeners import serving
from tests.peers.options import probe_of, probing

PAUSE = 0.05
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
LOWEST = {Phase.PROCESSING: PAUSE, Phase.TRANSFER: PAUSE}


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Think, say half of the answer, think again, and say the rest."""
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(PAUSE)
    writer.write(OK)
    await writer.drain()
    await asyncio.sleep(PAUSE)
    writer.write(b"good")
    await writer.drain()
    await reader.read()


async def mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize("context", [None, Authority().server("127.0.0.1")], ids=["clear", "TLS"])
async def test_each_phase_is_as_long_as_the_server_makes_it(context: ssl.SSLContext | None) -> None:
    service = "http" if context is None else "https"
    async with serving(answer, context) as endpoint, probing(phases=True) as ask:
        outcome = await ask(probe_of(endpoint, service=service, request="/", receive="good"))
    assert outcome.verdict is Verdict.UP
    between = [] if context is None else [Phase.TLS]
    assert [phase for phase, _ in outcome.phases] == [Phase.CONNECT, *between, Phase.PROCESSING, Phase.TRANSFER]
    assert all(seconds >= LOWEST.get(phase, 0.0) for phase, seconds in outcome.phases)


async def test_what_a_failure_cuts_short_has_not_ended() -> None:
    async with serving(mute) as endpoint, probing(phases=True) as ask:
        late = await ask(probe_of(endpoint, service="http", request="/", negotiatetimeout=0.2))
    async with probing(phases=True) as ask:
        refused = await ask(probe_of(endpoint, service="http", request="/"))
    assert [phase for phase, _ in late.phases] == [Phase.CONNECT]
    assert refused.phases == ()


async def test_nothing_is_timed_where_nobody_wants_it() -> None:
    async with serving(answer) as endpoint, probing() as ask:
        assert (await ask(probe_of(endpoint, service="http", request="/", receive="good"))).phases == ()
