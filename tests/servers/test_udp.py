"""Service udp, asked of NSD in its own language and of sockets that a test holds itself."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict, down, up
from tests.peers.options import checking
from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, PATIENT, at
from tests.servers.nsd import nsd

QUESTION = r"/\xabCD\x00\x00\0\x01\0\0\0\0\0\0\x03www\x07example\x03org\0\0\x01\0\x01"
"""A query of DNS (RFC 1035 §4.1) with the identifier 0xAB43: www.example.org, A."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with nsd() as number:
        yield number


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_a_name_server_answers_a_datagram(port: int, address: str) -> None:
    question = QUESTION.replace("CD", "C", 1)
    words = PATIENT | {"service": "udp", "request": question, "receive": r"(?s)^\xabC\x84\0\0\x01\0\x02.*\x0a\0\0\x07"}
    async with checking() as check:
        outcome = await check(at(port, address), **words)
        other = await check(at(port, address), **(words | {"receive": r"\x0a\0\0\x09"}))
    assert outcome.verdict is Verdict.UP, outcome
    assert (other.verdict, other.reason) == (Verdict.DOWN, Reason.MISMATCH), other


@contextmanager
def held() -> Iterator[tuple[socket.socket, Endpoint]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setblocking(False)
        server.bind(("127.0.0.1", 0))
        yield server, at(server.getsockname()[1])


async def asked(*answers: bytes | None, **words: object) -> tuple[list[bytes], Outcome]:
    """Return what a server hears that gives *answers* in turn, of which None is lost, and the outcome."""
    loop, heard = asyncio.get_running_loop(), []
    with held() as (server, endpoint):
        async with checking() as check, asyncio.TaskGroup() as tasks:
            outcome = tasks.create_task(check(endpoint, service="udp", **words))
            for answer in answers:
                data, client = await loop.sock_recvfrom(server, 100)
                heard.append(data)
                if answer is not None:
                    await loop.sock_sendto(server, answer, client)
            return heard, await outcome


async def test_one_datagram_is_answered_by_one() -> None:
    assert await asked(b"pong\n", request="/ping", receive="^pong$") == ([b"ping"], up(r"answered 'pong\n'"))


async def test_an_empty_datagram_is_an_answer() -> None:
    assert await asked(b"") == ([b""], up("answered ''"))


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_question_is_sent_again_where_it_or_its_answer_is_lost(lost: int) -> None:
    heard, outcome = await asked(*[None] * lost, b"pong", request="/ping")
    assert (heard, outcome) == ([b"ping"] * (lost + 1), up("answered 'pong'"))


async def test_it_is_sent_three_times_and_no_more() -> None:
    with held() as (server, endpoint):
        async with checking() as check:
            outcome = await check(endpoint, service="udp", request="/ping", negotiatetimeout=0.3)
        assert [server.recv(100) for _ in range(3)] == [b"ping"] * 3
        with pytest.raises(BlockingIOError):
            server.recv(100)
    assert outcome == down(Reason.TIMEOUT, "connected, but no answer within 0.3 s")


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_a_closed_port_is_refused(address: str) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), service="udp", request="/a")
    assert outcome.reason is Reason.REFUSED


async def test_a_port_that_closes_between_two_questions_is_refused() -> None:
    loop = asyncio.get_running_loop()
    with held() as (server, endpoint):
        async with checking() as check, asyncio.TaskGroup() as tasks:
            outcome = tasks.create_task(check(endpoint, service="udp", request="/a"))
            await loop.sock_recvfrom(server, 100)
            server.close()
            assert (await outcome).reason is Reason.REFUSED


async def test_an_answer_for_somebody_else_is_not_heard() -> None:
    loop = asyncio.get_running_loop()
    with held() as (server, endpoint), held() as (stranger, _):
        async with checking() as check, asyncio.TaskGroup() as tasks:
            outcome = tasks.create_task(check(endpoint, service="udp", request="/a"))
            _, client = await loop.sock_recvfrom(server, 100)
            await loop.sock_sendto(stranger, b"stranger", client)
            await loop.sock_sendto(server, b"server", client)
            assert await outcome == up("answered 'server'")
