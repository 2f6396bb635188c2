"""Probes on real sockets."""

import asyncio
import errno
import resource
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_address

import pytest
import trustme

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.conversation import Peer, Transport
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe, TlsOptions
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.network import outcome_of_errno, outcome_of_opening
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.reasons import outcome_of_sending
from ldirectord_py.workers.workers import Workers
from tests.peers.listeners import LOOPBACK, Answer, accepting, serving
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port


@dataclass(frozen=True, slots=True)
class Greeting:
    """Expects a line that begins with 2, and says thanks."""

    async def probe(self, peer: Peer) -> Outcome:
        line = await peer.line()
        await peer.send(b"thanks\r\n")
        return up(line.decode()) if line.startswith(b"2") else down(Reason.MISMATCH, repr(line))


@dataclass(frozen=True, slots=True)
class Echo:
    """Sends so many bytes and wants them back."""

    count: int = 3
    twice: bool = False

    async def probe(self, peer: Peer) -> Outcome:
        await peer.send(b"x" * self.count)
        back = await peer.exactly(self.count)
        if self.twice:
            await peer.reconnect()
            await peer.send(b"y")
            back += await peer.some()
        return up(f"{len(back)} bytes")


@dataclass(frozen=True, slots=True)
class Endless:
    """Reads for ever."""

    async def probe(self, peer: Peer) -> Outcome:
        while await peer.some():
            pass
        return up("ended")


@dataclass(frozen=True, slots=True)
class Buggy:
    """Has a bug."""

    async def probe(self, peer: Peer) -> Outcome:
        raise ZeroDivisionError("in the check")


@dataclass(frozen=True, slots=True)
class Connected:
    """Is content with a connection."""

    async def probe(self, peer: Peer) -> Outcome:
        return up("connected")


@asynccontextmanager
async def probing() -> AsyncIterator[Callable[[Probe], Awaitable[Outcome]]]:
    """Yield a way to carry a probe out and wait for its outcome."""
    async with asyncio.TaskGroup() as tasks:
        prober = Prober(tasks, Workers(), crashed=lambda _probe, _error: None)

        async def run(probe: Probe) -> Outcome:
            verdict: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            prober.prepare(probe)(lambda outcome, *_: verdict.set_result(outcome), asyncio.get_running_loop().time())
            return await verdict

        yield run
        assert prober.conversations == 0
        prober.close()


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Asks, and takes what the server says until its end."""

    question: bytes = b"?"

    async def probe(self, peer: Peer) -> Outcome:
        await peer.send(self.question)
        heard = b""
        while data := await peer.more():
            heard += data
        return up(heard.decode())


def over(
    endpoint: Endpoint, check: object, transport: Transport = Transport.TCP, timeout: float = PATIENCE, **more: object
) -> Probe:
    return Probe(check=check, target=CheckTarget(endpoint=endpoint, transport=transport, **more), timeout=timeout)


async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 ready\r\n")
    await writer.drain()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"2")
    await writer.drain()
    await reader.read()


async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _ in range(1000):
        writer.write(b"x" * 65536)
        await writer.drain()


async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"22")


async def cut_short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(3)
    writer.write(b"22")


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


@pytest.mark.parametrize(
    ("answer", "check", "timeout", "expected"),
    [
        (greet, Greeting(), PATIENCE, up("220 ready")),
        (greet, Connected(), PATIENCE, up("connected")),
        (echo, Echo(3), PATIENCE, up("3 bytes")),
        (echo, Echo(900_000), PATIENCE, up("900000 bytes")),
        (echo, Echo(3, twice=True), PATIENCE, up("4 bytes")),
        (mute, Greeting(), 0.2, down(Reason.TIMEOUT, "connected, but no answer within 0.2 s")),
        (drip, Greeting(), 1, down(Reason.TIMEOUT, "answer not complete within 1 s: 1 bytes had come")),
        (flood, Endless(), PATIENCE, down(Reason.TOO_LONG, "the server sent more than 1048576 bytes")),
        (flood, Greeting(), PATIENCE, down(Reason.TOO_LONG, "the server sent more than 1048576 bytes")),
        (hang_up, Greeting(), 60, down(Reason.CLOSED, "the server ended the connection before the end of a line")),
        (cut_short, Echo(3), PATIENCE, down(Reason.CLOSED, "the server ended the connection after 2 of 3 bytes")),
        (hang_up, Endless(), PATIENCE, up("ended")),
        (reset, Greeting(), PATIENCE, down(Reason.RESET, "the server reset the connection")),
    ],
    ids=[
        "a line", "a connection", "bytes", "many bytes", "a second connection", "mute", "dripping", "flooding",
        "an endless line", "hanging up in a line", "hanging up in bytes", "the end of the stream", "reset",
    ],
)  # fmt: skip
async def test_verdict_follows_the_conversation(
    answer: Answer, check: object, timeout: float, expected: Outcome
) -> None:
    async with serving(answer) as endpoint, probing() as run:
        assert await run(over(endpoint, check, timeout=timeout)) == expected


async def test_nobody_listening_is_refused() -> None:
    async with probing() as run:
        outcome = await run(over(Endpoint(LOOPBACK, free_port()), Connected()))
    assert outcome == down(Reason.REFUSED, "connection refused")


async def test_a_server_that_does_not_take_connections_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        async with probing() as run:
            outcome = await run(over(Endpoint(LOOPBACK, port), Connected(), timeout=0.2))
        for each in waiting:
            each.close()

    assert outcome == down(Reason.TIMEOUT, "no connection within 0.2 s")


async def test_a_server_that_meets_a_bug_in_a_check_is_down() -> None:
    async with serving(greet) as endpoint, probing() as run:
        outcome = await run(over(endpoint, Buggy()))

    assert (outcome.verdict, outcome.detail) == (
        Verdict.DOWN,
        "the check has a bug: ZeroDivisionError",
    )


async def test_no_file_descriptors_is_our_own_fault() -> None:
    async with serving(greet) as endpoint, probing() as run:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.socket() as last:
            resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno(), hard))
        try:
            outcome = await run(over(endpoint, Connected()))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert outcome.verdict is Verdict.FAULT
    assert outcome.detail.startswith("too many open files")


@pytest.mark.parametrize("number", [*sorted(errno.errorcode), None, 0, 4711], ids=str)
def test_an_error_of_an_open_connection_is_never_our_own_fault(number: int | None) -> None:
    """Whatever number: it comes after the peer's bytes, or by ICMP, so that it would be the peer's to choose."""
    outcome = outcome_of_errno(number)

    assert outcome.verdict is Verdict.DOWN
    assert outcome.detail


async def test_checks_of_one_server_do_not_wait_for_one_another() -> None:
    may_speak = asyncio.Event()

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_speak.wait()
        await greet(reader, writer)

    async with serving(waits) as silent, serving(greet) as quick, probing() as run, asyncio.TaskGroup() as tasks:
        slow = [tasks.create_task(run(over(silent, Greeting()))) for _ in range(50)]
        fast = [tasks.create_task(run(over(quick, Greeting()))) for _ in range(50)]
        for each in fast:
            assert await each == up("220 ready")
        assert not any(each.done() for each in slow)
        may_speak.set()

    assert {each.result() for each in slow} == {up("220 ready")}


@pytest.fixture
def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("web.example").configure_cert(context)
    return context


async def test_tls_is_spoken_without_verification_by_default(tls: ssl.SSLContext) -> None:
    async with serving(greet, tls) as endpoint, probing() as run:
        for _ in range(2):  # the second resumes the first's session
            assert await run(over(endpoint, Greeting(), Transport.TLS, tls=TlsOptions())) == up("220 ready")


async def test_tls_can_be_verified(tls: ssl.SSLContext) -> None:
    async with serving(greet, tls) as endpoint, probing() as run:
        outcome = await run(
            over(endpoint, Greeting(), Transport.TLS, tls=TlsOptions(verify=True, server_name="web.example"))
        )

    assert outcome.reason is Reason.TLS
    assert "certificate" in outcome.detail


@pytest.mark.parametrize(("offered", "chosen"), [(("h2",), "h2"), (("x", "h2"), "h2"), (("x",), None), ((), None)])
async def test_a_protocol_is_agreed_on_within_tls(
    tls: ssl.SSLContext, offered: tuple[str, ...], chosen: str | None
) -> None:
    async def tell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"220 {writer.get_extra_info('ssl_object').selected_alpn_protocol()}\r\n".encode())

    tls.set_alpn_protocols(["h2"])
    async with serving(tell, tls) as endpoint, probing() as run:
        outcome = await run(over(endpoint, Greeting(), Transport.TLS, tls=TlsOptions(alpn=offered)))
    assert outcome == up(f"220 {chosen}")


async def test_tls_towards_a_plain_server_says_so() -> None:
    async with serving(greet) as endpoint, probing() as run:
        outcome = await run(over(endpoint, Greeting(), Transport.TLS, tls=TlsOptions()))

    assert outcome == down(Reason.TLS, "TLS failed: the server does not speak TLS on this port")


async def test_a_plain_check_of_a_tls_server_gets_no_answer(tls: ssl.SSLContext) -> None:
    async with serving(greet, tls) as endpoint, probing() as run:
        outcome = await run(over(endpoint, Greeting(), timeout=0.2))

    assert outcome == down(Reason.TIMEOUT, "connected, but no answer within 0.2 s")


async def test_datagrams_are_answered_or_refused() -> None:
    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.DatagramTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, address: object) -> None:
            self.transport.sendto(data, address)

    @dataclass(frozen=True)
    class Ask:
        async def probe(self, peer: Peer) -> Outcome:
            await peer.send(b"hello")
            return up(repr(await peer.some()))

    endpoint = Endpoint(LOOPBACK, free_port())  # of which nobody takes hold when the server has gone
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Server, ("127.0.0.1", endpoint.port))
    async with probing() as run:
        assert await run(over(endpoint, Ask(), Transport.UDP)) == up("b'hello'")
        transport.close()
        await asyncio.sleep(0)
        assert (await run(over(endpoint, Ask(), Transport.UDP))).reason is Reason.REFUSED


@dataclass(frozen=True)
class Question:
    async def probe(self, peer: Peer) -> Outcome:
        await peer.send(b"hello")
        return up(repr(await peer.some()))


def question(port: int, check: object = Question()) -> Probe:
    return replace(over(Endpoint(LOOPBACK, port), check, Transport.UDP, timeout=0.3), sends=3)


async def test_a_question_that_nobody_waits_for_any_more_is_not_sent_again() -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.setblocking(False)
        server.bind(("127.0.0.1", 0))
        async with asyncio.TaskGroup() as tasks:
            prober = Prober(tasks, Workers(), crashed=lambda _probe, error: pytest.fail(str(error)))
            begun = loop.time()
            run = prober.prepare(question(server.getsockname()[1]))(lambda *_: pytest.fail("an outcome"), begun)
            assert await loop.sock_recv(server, 100) == b"hello"
            run.abandon()
            assert prober.conversations == 0
            with pytest.raises(TimeoutError):
                async with asyncio.timeout_at(begun + 0.35):
                    await loop.sock_recv(server, 100)
            prober.close()


async def test_news_that_sending_again_meets_is_not_lost() -> None:
    @dataclass(frozen=True)
    class Hasty:
        async def probe(self, peer: Peer) -> Outcome:
            await peer.send(b"hello")
            # Before the loop can tell of the ICMP message that is there already.
            asyncio.get_running_loop().call_soon(peer.insist, 0.0)
            return up(repr(await peer.some()))

    probe = replace(question(free_port(), Hasty()), timeout=60)
    async with probing() as run:
        assert (await run(probe)).reason is Reason.REFUSED


async def test_drivers_run_under_their_deadline() -> None:
    @dataclass(frozen=True)
    class Driver:
        what: str

        async def run(self, _services: object) -> Outcome:
            if self.what == "hangs":
                await asyncio.Event().wait()
            if self.what == "missing":
                raise CheckUnavailable("no such driver here: pip install it")
            if self.what == "bug":
                raise KeyError("oops")
            return up("done")

    async with probing() as run:
        probes = [
            Probe(check=Driver(what), timeout=0.1 if what == "hangs" else PATIENCE)
            for what in ("works", "hangs", "missing", "bug")
        ]
        outcomes = [await run(probe) for probe in probes]

    assert [(each.verdict, each.detail) for each in outcomes] == [
        (Verdict.UP, "done"),
        (Verdict.DOWN, "no result within 0.1 s"),
        (Verdict.FAULT, "no such driver here: pip install it"),
        (Verdict.DOWN, "the check has a bug: KeyError"),
    ]


async def test_attempts_are_made_while_nothing_answers() -> None:
    asked: list[int] = []

    async def third_time(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(1)
        if len(asked) == 3:
            await greet(reader, writer)
        else:
            await reader.read()

    async with serving(third_time) as endpoint, probing() as run:
        probe = Probe(check=Greeting(), target=CheckTarget(endpoint=endpoint), timeout=1, attempts=3)

        assert await run(probe) == up("220 ready")


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EACCES, errno.EMFILE], ids=errno.errorcode.get)
def test_what_this_machine_refuses_is_our_own_fault(number: int) -> None:
    with pytest.raises(CheckUnavailable):
        outcome_of_opening(number)


@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ECONNREFUSED], ids=errno.errorcode.get)
def test_what_the_network_says_at_once_is_the_servers(number: int) -> None:
    assert outcome_of_opening(number).verdict is Verdict.DOWN


@pytest.mark.parametrize(("number", "ours"), [(errno.ENOBUFS, True), (errno.EPERM, True), (errno.ECONNRESET, False)])
def test_what_is_refused_to_be_sent_is_ours_where_no_packet_brings_it(number: int, *, ours: bool) -> None:
    assert outcome_of_sending(OSError(number, "")).verdict is (Verdict.FAULT if ours else Verdict.DOWN)


def offers_session(hello: bytes) -> bool:
    """Return whether a ClientHello has the extension pre_shared_key (RFC 8446 §4.2.11)."""
    at = 9 + 2 + 32
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at : at + 2], "big")
    at += 1 + hello[at]
    end = at + 2 + int.from_bytes(hello[at : at + 2], "big")
    at += 2
    while at + 4 <= end:
        if hello[at : at + 2] == b"\x00\x29":
            return True
        at += 4 + int.from_bytes(hello[at + 2 : at + 4], "big")
    return False


async def test_a_server_that_cannot_resume_a_session_is_asked_without_one(tls: ssl.SSLContext) -> None:
    offered: list[bool] = []

    def answer(connection: socket.socket) -> None:
        offered.append(offers_session(connection.recv(4096, socket.MSG_PEEK)))
        if not offered[-1]:
            with tls.wrap_socket(connection, server_side=True) as secure:
                secure.sendall(b"220 ready\r\n")
                secure.recv(100)

    with accepting(answer) as endpoint:
        async with probing() as run:
            probe = over(endpoint, Greeting(), Transport.TLS, tls=TlsOptions())
            outcomes = [await run(probe) for _ in range(3)]

    assert outcomes == [up("220 ready")] * 3
    assert offered == [False, True, False, False]


async def test_a_bug_on_one_outcomes_way_does_not_cost_others_their_news() -> None:
    everybody = asyncio.Barrier(10)

    async def together(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await everybody.wait()
        writer.write(b"220 ready\r\n")

    told: list[str] = []
    outcomes: list[Outcome] = []
    done = asyncio.Event()

    def take(outcome: Outcome, *_: float) -> None:
        outcomes.append(outcome)
        if len(outcomes) == 1:
            raise ZeroDivisionError("an observer's bug")
        if len(outcomes) == 10:
            done.set()

    async with serving(together) as endpoint, asyncio.TaskGroup() as tasks:
        prober = Prober(tasks, Workers(), crashed=lambda _probe, error: told.append(str(error)))
        starter = prober.prepare(over(endpoint, Greeting()))
        for _ in range(10):
            starter(take, asyncio.get_running_loop().time())
        async with asyncio.timeout(PATIENCE):
            await done.wait()
        prober.close()

    assert outcomes == [up("220 ready")] * 10
    assert told == ["an observer's bug"]


async def test_a_pause_of_our_own_is_not_held_against_the_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with probing() as run, asyncio.TaskGroup() as tasks:
            probe = over(Endpoint(LOOPBACK, silent.getsockname()[1]), Greeting(), timeout=0.2)
            check = tasks.create_task(run(probe))
            await asyncio.sleep(0)
            threading.Event().wait(1)  # the whole process stands still, as in a suspended virtual machine

    assert check.result().verdict is Verdict.FAULT
    assert check.result().detail.startswith("this director itself was held up for ")


async def test_a_pause_of_our_own_is_not_held_against_the_server_of_a_driver_either() -> None:
    @dataclass(frozen=True)
    class Hangs:
        async def run(self, _services: object) -> Outcome:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.6)  # as a program that is slow to end: that is no delay of ours
            raise AssertionError

    async with probing() as run, asyncio.TaskGroup() as tasks:
        check = tasks.create_task(run(Probe(check=Hangs(), timeout=0.2)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        threading.Event().wait(1)
        slow = tasks.create_task(run(Probe(check=Hangs(), timeout=0.2)))

    assert check.result().verdict is Verdict.FAULT
    assert check.result().detail.startswith("this director itself was held up for ")
    assert slow.result() == down(Reason.TIMEOUT, "no result within 0.2 s")


@pytest.mark.parametrize("question", [b"?", b"x" * 8_000_000], ids=["short", "longer than the socket takes"])
@pytest.mark.parametrize(
    ("reads", "says", "expected"),
    [
        (0, b"alive", up("alive")),
        (1, b"alive", up("alive")),
        (0, b"", outcome_of_errno(errno.ECONNRESET)),
    ],
    ids=["unread", "read", "nothing said"],
)
async def test_a_server_that_answers_without_reading_and_resets_has_answered(reads, says, expected, question) -> None:
    """As health scripts behind inetd do: the kernel resets a connection that is closed with bytes unread in it."""

    def answer(connection: socket.socket) -> None:
        if reads:
            connection.recv(reads, socket.MSG_PEEK)
        connection.sendall(says)
        # The rest of the question may still be on its way; either way there is a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0) if not says else bytes(8))
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = Endpoint(ip_address("127.0.0.1"), listener.getsockname()[1])
        async with probing() as run, asyncio.TaskGroup() as group:
            serving_ = group.create_task(asyncio.to_thread(lambda: answer(listener.accept()[0])))
            outcome = await run(over(endpoint, CheckOptions(question)))
            await serving_

    assert outcome.verdict is expected.verdict
    assert outcome.detail == expected.detail or (not says and outcome.reason in {Reason.RESET, Reason.CLOSED})
