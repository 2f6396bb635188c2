"""Service simpletcp, asked of redis and of sockets that a test holds itself."""

import asyncio
import socket
import ssl
from collections.abc import Iterator

import pytest
import trustme

from ldirectord_py.model.checks.outcome import Reason, Verdict, up
from tests.peers.listeners import serving
from tests.peers.options import UDP_VIP, checking
from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, at
from tests.servers.redis import redis


@pytest.fixture(scope="module", name="redis")
def running() -> Iterator[int]:
    with redis() as port:
        yield port


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_redis_answers_a_ping(redis: int, address: str) -> None:
    async with checking() as check:
        outcome = await check(at(redis, address), service="simpletcp", request="/PING\\n", receive="PONG")
    assert outcome == up("answered '+PONG'")


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        ({"request": "/PING\\n", "receive": "^PING"}, r"no line of the answer matches '^PING': got '+PONG\r\n'"),
        ({"request": "/NONSENSE\\n", "receive": "PONG"}, "got '-ERR unknown command"),
    ],
    ids=["another receive", "another request"],
)
async def test_redis_says_something_else(redis: int, words: dict[str, object], detail: str) -> None:
    async with checking() as check:
        outcome = await check(at(redis), service="simpletcp", **words)
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.MISMATCH)
    assert detail in outcome.detail


async def test_without_receive_any_answer_of_redis_will_do(redis: int) -> None:
    async with checking() as check:
        assert (await check(at(redis), service="simpletcp", request="/x\\n")).verdict is Verdict.UP
        silent = await check(at(redis), service="simpletcp")
    assert silent.reason is Reason.CLOSED  # asked nothing and told so, it has nothing to say


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), service="simpletcp", request="/x")
    assert outcome.reason is Reason.REFUSED


async def test_a_peer_hears_the_request_and_then_the_end() -> None:
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(-1))
        writer.write(b"thanks\r\nfor asking")

    async with serving(answer) as endpoint, checking() as check:
        outcome = await check(endpoint, service="simpletcp", request="/a\\nb", receive="asking$")
    assert (outcome, heard) == (up("answered 'for asking'"), [b"a\nb"])


async def test_a_server_that_waits_for_tls_is_down() -> None:
    async def answer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    async with serving(answer, context) as endpoint, checking() as check:
        outcome = await check(endpoint, service="simpletcp", request="/PING\\n", receive="PONG")
    assert outcome.verdict is Verdict.DOWN


@pytest.mark.parametrize("address", LOOPBACKS)
@pytest.mark.parametrize(("receive", "reason"), [("b\\nx", Reason.MISMATCH), ("^b", Reason.OK), ("", Reason.OK)])
async def test_over_udp_one_datagram_is_answered_by_one(address: str, receive: str, reason: Reason) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setblocking(False)
        server.bind((address, 0))
        endpoint = at(server.getsockname()[1], address)
        async with checking() as check, asyncio.TaskGroup() as tasks:
            asked = tasks.create_task(check(endpoint, UDP_VIP, service="simpletcp", request="/a\\n", receive=receive))
            data, client = await loop.sock_recvfrom(server, 100)
            await loop.sock_sendto(server, data + b"b\nx", client)
            outcome = await asked
    assert data == b"a\n"
    assert outcome.reason is reason


async def test_over_udp_a_closed_port_is_refused() -> None:
    async with checking() as check:
        outcome = await check(at(free_port()), UDP_VIP, service="simpletcp", request="/a")
    assert outcome.reason is Reason.REFUSED
