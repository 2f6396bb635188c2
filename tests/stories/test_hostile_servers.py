"""Servers that misbehave, asked by real checks over real sockets: a verdict in time, and a reason that helps."""

import asyncio
import os
import tracemalloc
from ipaddress import ip_address

import pytest

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckType
from ldirectord_py.model.checks.outcome import Reason, Verdict
from tests.peers.listeners import Answer, serving
from tests.peers.options import checking

HEAD = b"HTTP/1.1 200 OK\r\n"


def says(*pieces: bytes, after: float = 0.0, forever: bool = False) -> Answer:
    """Return a server that reads the request, then says *pieces*, and again if *forever*; then waits for the end."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        while True:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(after)
            if not forever:
                break
        await reader.read()

    return answer


async def closes(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def resets(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.mark.parametrize(
    ("answer", "words", "reason", "detail"),
    [
        (says(), {}, Reason.TIMEOUT, "connected, but no answer within 1 s"),
        (says(*(bytes([byte]) for byte in HEAD), after=0.3), {}, Reason.TIMEOUT, "answer not complete within 1 s"),
        (says(HEAD, b"X: 1234\r\n" * 1000, forever=True), {}, Reason.TOO_LONG, "the headers did not end within 64 KiB"),
        (says(b"X" * 65536, forever=True), {}, Reason.PROTOCOL, "expected an HTTP answer, but got"),
        (
            says(HEAD + b"\r\n" + b"y" * 65536, b"y" * 65536, b"y" * 1048576),
            {"receive": "alive"},
            Reason.TOO_LONG,
            "the body's first 256 KiB do",
        ),
        (says(HEAD + b"Content-Length: 9\r\n\r\nhalf"), {"receive": "x"}, Reason.TIMEOUT, "answer not complete"),
        (says(HEAD + b"Content-Length: 4\r\n\r\nsick"), {"receive": "alive"}, Reason.MISMATCH, "not match 'alive'"),
        (says(b"HTTP/1.1 503 Tired\r\nContent-Length: 0\r\n\r\n"), {}, Reason.STATUS, "503 Tired, expected 2xx"),
        (says(b"\x16\x03\x01\x02\x00" + os.urandom(200)), {}, Reason.PROTOCOL, "expected an HTTP answer, but got"),
        (says(b"HTTP/1.1 200 OK\r\n\r\n"), {"service": "https"}, Reason.TIMEOUT, "connected, but no answer within 1 s"),
        (closes, {}, Reason.CLOSED, "the server closed the connection without an answer"),
        (resets, {}, Reason.RESET, "the server reset the connection"),
    ],
    ids=[
        "nothing at all", "a byte now and then", "endless headers", "endless rubbish", "an endless body",
        "half a body", "the wrong body", "a status that says no", "TLS to a plain check", "no TLS to a TLS check",
        "the end at once", "a reset",
    ],
)  # fmt: skip
async def test_a_hostile_web_server_is_down_with_a_reason(
    answer: Answer, words: dict[str, object], reason: Reason, detail: str
) -> None:
    async with serving(answer) as endpoint, checking() as check:
        outcome = await check(endpoint, **({"service": "http"} | words))

    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, reason), outcome
    assert detail in outcome.detail


async def test_a_refused_handshake_says_so() -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x15\x03\x03\x00\x02\x02\x28")  # the alert handshake_failure, RFC 8446 §6
        await writer.drain()
        await reader.read()

    async with serving(refuses) as endpoint, checking() as check:
        outcome = await check(endpoint, service="https")

    assert outcome.reason is Reason.TLS
    assert "handshake failure" in outcome.detail


async def test_a_flood_costs_no_more_memory_than_the_bound() -> None:
    async with serving(says(HEAD + b"\r\n", b"z" * 65536, forever=True)) as endpoint, checking() as check:
        tracemalloc.start()
        try:
            outcomes = [await check(endpoint, service="http", receive="alive") for _ in range(20)]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert {outcome.reason for outcome in outcomes} == {Reason.TOO_LONG}
    assert peak < 8 * 1024 * 1024


async def test_a_pattern_that_would_run_for_ever_is_stopped() -> None:
    body = b"a" * 20000 + b"b"
    head = HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode()
    async with serving(says(head + body)) as endpoint, checking() as check:
        outcome = await check(endpoint, service="http", receive=r"^(a+)+$")

    assert outcome.verdict is Verdict.DOWN
    assert "(a+)+" in outcome.detail


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_ping_is_answered_by_loopback(address: str) -> None:
    async with checking() as check:
        outcome = await check(Endpoint(ip_address(address), 80), checktype=CheckType.PING)

    # Without the right to send echo requests that is our fault, not the server's.
    allowed = os.geteuid() == 0 or outcome.verdict is Verdict.UP
    assert outcome.verdict is (Verdict.UP if allowed else Verdict.FAULT), outcome


async def test_an_external_program_that_overruns_is_down_in_time() -> None:
    async with checking() as check:
        outcome = await check(
            Endpoint(ip_address("127.0.0.1"), 80), checktype=CheckType.EXTERNAL, checkcommand="/usr/bin/yes"
        )

    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.TIMEOUT)
