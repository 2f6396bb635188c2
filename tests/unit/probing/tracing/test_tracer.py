"""Checks that somebody follows, on real sockets and programs."""

import asyncio
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ldirectord_py.model.checks.check_plan import Repeated, Together
from ldirectord_py.model.checks.outcome import Reason, Verdict, down
from ldirectord_py.model.checks.trace import Trace
from ldirectord_py.probing.tracing.tracer import AT_A_TIME, Tracer
from tests.peers.certificates import Authority
from tests.peers.listeners import serving
from tests.peers.options import checking, configured, probe_of
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port

ACME = Authority()


@asynccontextmanager
async def tracing() -> AsyncIterator[Tracer]:
    made = Tracer()
    try:
        yield made
    finally:
        made.close()


async def traced(real: object, *lines: str, secrets: Iterable[str] = ()) -> Trace:
    async with tracing() as made, asyncio.timeout(PATIENCE):
        return await made.trace(configured(f"{real} gate", *lines), frozenset(secrets))


def told(trace: Trace) -> list[str]:
    """Return what the steps tell, without ports of ours."""
    return [f"{step.what}: {re.sub(r'from 127.0.0.1:[0-9]+', 'from us', step.text)}" for step in trace.steps]


async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    await reader.read()


async def test_a_page_is_fetched_step_by_step() -> None:
    async with serving(web) as endpoint:
        trace = await traced(endpoint, "service=http", 'httpheader="X-Secret: hunter22"', secrets=["hunter22"])
    request = f"GET / HTTP/1.1\r\nHost: {endpoint}\r\n"

    assert trace.outcome is not None
    assert trace.outcome.verdict is Verdict.UP
    steps = told(trace)
    assert steps[:3] == [
        f"ask: GET http://{endpoint}/",
        f"connect: to {endpoint} over tcp",
        "connect: connected, from us",
    ]
    assert steps[3].startswith("send: GET / HTTP/1.1\\r\\n")
    assert "X-Secret: ***\\r\\n" in steps[3]
    assert steps[4] == r"receive: HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    assert steps[5:] == ["close: it is left to the server to close first", "judge: up: 200 OK"]
    assert trace.steps[3].size is not None
    assert trace.steps[3].size > len(request)


async def test_a_closed_port_is_told() -> None:
    port = free_port()
    trace = await traced(f"127.0.0.1:{port}", "service=http")

    assert told(trace)[1:] == [
        f"connect: to 127.0.0.1:{port} over tcp",
        "close: the socket is closed",
        "judge: down: connection refused",
    ]
    assert trace.as_json("x") | {"seconds": 0, "steps": []} == {
        "name": "x",
        "verdict": "down",
        "reason": "refused",
        "detail": "connection refused",
        "seconds": 0,
        "steps": [],
    }


async def test_a_server_that_keeps_silent_is_reset_in_the_end() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(silent) as endpoint:
        trace = await traced(endpoint, "service=smtp", "negotiatetimeout=1")

    assert told(trace)[-2:] == ["close: we reset the connection", "judge: down: connected, but no answer within 1 s"]
    assert trace.steps[-1].at > 1


@pytest.mark.parametrize(
    ("verify", "expected"),
    [("no", "not verified"), ("yes", "the certificate is refused: ")],
)
async def test_tls_shows_its_version_its_cipher_and_the_certificate(verify: str, expected: str) -> None:
    async with serving(web, ACME.server("www.example")) as endpoint:
        trace = await traced(endpoint, "service=https", "virtualhost=www.example", f"tlsverify={verify}")
    handshakes = [step for step in told(trace) if step.startswith("tls:")]

    assert handshakes[0] == "tls: handshake begins, asking for www.example"
    assert any(re.match(r"tls: handshake done: TLSv1\.3, TLS_\w+", step) for step in handshakes)
    assert any("certificate for www.example" in step and "valid from" in step for step in handshakes)
    assert any(expected in step for step in handshakes)


async def test_what_is_said_within_tls_is_shown_and_nothing_of_what_carries_it() -> None:
    async with serving(web, ACME.server("www.example")) as endpoint:
        trace = await traced(endpoint, "service=https")
    data = [step for step in trace.steps if step.size is not None]

    assert [step.what for step in data] == ["send", "receive"]
    assert data[1].text.endswith("hello")


async def test_a_question_in_a_datagram_is_shown_each_time_that_it_is_sent() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        real = f"127.0.0.1:{mute.getsockname()[1]}"
        trace = await traced(
            real, "protocol=udp", "service=udp", 'request="hello"', 'receive="x"', "negotiatetimeout=1"
        )
    sent = [step.text for step in trace.steps if step.what == "send"]

    assert len(sent) > 1
    assert len(set(sent)) == 1


async def test_a_ping_is_shown() -> None:
    trace = await traced("127.0.0.1:80", "checktype=ping")

    assert told(trace)[:2] == ["ask: ping of 127.0.0.1", "connect: to 127.0.0.1 over icmp"]
    assert trace.outcome is not None
    assert trace.outcome.verdict is Verdict.UP


async def test_a_program_is_shown_with_all_that_it_wrote(tmp_path: Path) -> None:
    program = tmp_path / "check"
    program.write_text("#!/bin/sh\necho first\necho second >&2\necho hunter22\nexit 3\n")
    program.chmod(0o755)
    trace = await traced(
        "127.0.0.1:80", "checktype=external", f"checkcommand={program}", "checktimeout=9", secrets=["hunter22"]
    )

    assert told(trace)[1].endswith(f"{program} 192.0.2.1 80 127.0.0.1 80")
    assert told(trace)[2:] == [
        r"receive: first\nsecond\n***\n",
        "run: exit status 3",
        "judge: down: exit status 3: ***",
    ]


async def test_ftp_is_shown_command_by_command_without_the_password() -> None:
    async def ftp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        for answer in (b"331 password\r\n", b"230 welcome hunter22\r\n"):
            await reader.readline()
            writer.write(answer)
        await reader.read()

    async with serving(ftp) as endpoint:
        trace = await traced(
            endpoint, "service=ftp", 'login="tester"', 'passwd="hunter22"', secrets=["tester", "hunter22"]
        )

    assert told(trace)[1:] == [
        f"connect: to {endpoint} over tcp",
        r"receive: 220 ready\r\n",
        r"send: USER ***\r\n",
        r"receive: 331 password\r\n",
        r"send: PASS ***\r\n",
        r"receive: 230 welcome ***\r\n",
        r"send: QUIT\r\n",
        "judge: up: logged in",
    ]


async def test_all_probes_of_a_turn_are_shown_until_one_fails() -> None:
    async with serving(web) as endpoint, tracing() as made:
        probes = (
            probe_of(endpoint, service="http"),
            probe_of(endpoint, service="http", receive="goodbye"),
            probe_of(endpoint, service="smtp"),
        )
        trace = await made.trace(Together(probes=probes, interval=1), ())
    asked = [step.text for step in trace.steps if step.what == "ask"]

    assert [text[:12] for text in asked] == ["check 1 of 3", "check 2 of 3"]
    assert trace.outcome is not None
    assert trace.outcome.reason is Reason.MISMATCH


async def test_of_checks_that_take_turns_the_one_that_negotiates_is_shown() -> None:
    async with serving(web) as endpoint:
        trace = await traced(endpoint, "service=http", "checktype=3")

    assert trace.steps[0].text.startswith("GET http://")


@pytest.mark.parametrize(("checktype", "says"), [("on", "counts as up"), ("off", "keeps the place")])
async def test_a_server_that_is_not_checked_is_asked_nothing(checktype: str, says: str) -> None:
    trace = await traced("127.0.0.1:80", f"checktype={checktype}")

    assert trace.outcome is None
    (step,) = trace.steps
    assert step.text.startswith("this server is not checked: ")
    assert says in step.text
    assert trace.as_json("x")["verdict"] is None


async def test_only_some_are_followed_at_a_time() -> None:
    busy = most = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await reader.readline()
        await asyncio.sleep(0.05)
        busy -= 1
        writer.write(b"421 no\r\n")

    async with serving(slow) as endpoint, tracing() as made, asyncio.TaskGroup() as tasks:
        plan = configured(f"{endpoint} gate", "service=simpletcp", 'request="x"', 'receive="421"')
        for _ in range(AT_A_TIME * 3):
            tasks.create_task(made.trace(plan, ()))

    assert most == AT_A_TIME


async def test_a_trace_that_nobody_waits_for_any_more_leaves_nothing_behind() -> None:
    gone = asyncio.Event()
    met = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        met.set()
        try:
            await reader.read()
        finally:
            gone.set()

    async with serving(silent) as endpoint, tracing() as made:
        task = asyncio.create_task(
            made.trace(configured(f"{endpoint} gate", "service=nntp", "negotiatetimeout=60"), ())
        )
        await met.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(PATIENCE):
            await gone.wait()


async def test_nobody_to_ask_is_shown_as_what_it_is() -> None:
    async with tracing() as made:
        trace = await made.trace(configured("127.0.0.1:0 gate", "service=simpletcp"), ())

    assert trace.outcome == down(Reason.REFUSED, "no port to check: give the real server a port, or set checkport")


async def test_what_cannot_be_made_safe_to_show_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async with serving(web) as endpoint:
        with monkeypatch.context() as limited:
            limited.setattr(threading.Thread, "start", refuse)
            trace = await traced(endpoint, "service=http")

    assert trace.outcome is not None
    assert trace.outcome.verdict is Verdict.FAULT
    (step,) = trace.steps
    assert step.text.startswith("what was found cannot be shown: no thread can be started")


GARBAGE = (
    b"",
    b"\n" * 300,
    bytes(range(256)) * 20,
    b"220 x\r\n\r\n",
    b"\x16\x03\x03\x00\x04\x02\x00\x00\x00",
    b"\x30\x84",
)


@pytest.mark.parametrize("service", ["http", "https", "ftp", "imap", "ldap", "pops", "redis", "grpc", "sip", "smtp"])
async def test_a_check_that_is_followed_comes_to_the_verdict_of_one_that_is_not(service: str) -> None:
    async with checking() as check, tracing() as made:
        for said in GARBAGE:

            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes = said) -> None:
                writer.write(said)
                writer.write_eof()
                await reader.read()

            async with serving(answer) as endpoint:
                plan = Repeated(probe=probe_of(endpoint, service=service, login="me", passwd="word"), interval=1)
                trace = await made.trace(plan, ())
                assert trace.outcome == await check(endpoint, service=service, login="me", passwd="word")
                assert trace.steps[-1].text.startswith(f"{trace.outcome.verdict}: ")


async def test_of_a_database_it_is_shown_who_asks_and_when() -> None:
    trace = await traced(
        "127.0.0.1:1",
        "service=pgsql",
        'login="tester"',
        'passwd="hunter22"',
        'request="SELECT 1"',
        "negotiatetimeout=9",
    )
    assert [step.what for step in trace.steps] == ["ask", "run", "run", "run", "judge"]
    assert trace.outcome is not None
    assert trace.outcome.reason is Reason.REFUSED
