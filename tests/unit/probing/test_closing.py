"""How connections end, as the servers at their other ends see it."""

import asyncio
import errno
import math
import queue
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckType
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.checks.probe import Probe
from ldirectord_py.probing import closing
from ldirectord_py.probing.closing import ClosingConnections
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.time_waits import TimeWaitBudget, per_second
from ldirectord_py.workers.workers import Workers
from tests.peers.certificates import Authority
from tests.peers.listeners import accepting
from tests.peers.options import PATIENCE, Ask, probe_of, probing

BIG = b"HTTP/1.0 200 OK\r\n\r\n" + bytes(2_000_000)
HUGE = b"HTTP/1.0 200 OK\r\n\r\n" + bytes(4 * closing.MOST_BYTES)
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalive"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
RECEIVE = {"service": "http", "receive": "alive"}
RESET = {errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN}
PATIENT = {"negotiatetimeout": PATIENCE, "checktimeout": PATIENCE}
UNLIMITED = TimeWaitBudget(1e9)
_TIME_WAIT = "06"


class Server:
    """Serves by a script, and notes how each connection ended: with 0 in order, otherwise with an error's number."""

    def __init__(self, script: Callable[[socket.socket], None]) -> None:
        self._script = script
        self._ends: queue.SimpleQueue[int | None] = queue.SimpleQueue()

    def __call__(self, connection: socket.socket) -> None:
        try:
            self._script(connection)
            self._ends.put(0)
        except OSError as error:
            self._ends.put(error.errno)

    async def end(self) -> int | None:
        """Return how the next connection ended."""
        return await asyncio.to_thread(self._ends.get, timeout=PATIENCE)


@contextmanager
def served(script: Callable[[socket.socket], None]) -> Iterator[tuple[Server, Endpoint]]:
    server = Server(script)
    with accepting(server) as endpoint:
        yield server, endpoint


def until(connection: socket.socket, words: bytes) -> bytes:
    heard = b""
    while words not in heard and (data := connection.recv(65536)):
        heard += data
    return heard


def to_the_end(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def silent(connection: socket.socket) -> None:
    to_the_end(connection)


def greeting(connection: socket.socket) -> None:
    connection.sendall(b"220 ready\r\n")
    to_the_end(connection)


def slow_to_greet(connection: socket.socket) -> None:
    to_the_end(connection)
    for _ in range(3):  # the second would meet the reset that the first has brought about
        connection.sendall(b"220 ready\r\n")


def mail(connection: socket.socket) -> None:
    connection.sendall(b"220 ready\r\n")
    until(connection, b"EHLO")
    connection.sendall(b"250 pleased\r\n")
    until(connection, b"QUIT")
    for _ in range(3):
        connection.sendall(b"221 bye\r\n")


def page(content: bytes) -> Callable[[socket.socket], None]:
    def script(connection: socket.socket) -> None:
        until(connection, b"\r\n\r\n")
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        to_the_end(connection)

    return script


def redis(connection: socket.socket) -> None:
    until(connection, b"PING")
    connection.sendall(b"+PONG\r\n")
    to_the_end(connection)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (silent, {"checktype": CheckType.CONNECT}),
        (greeting, {"checktype": CheckType.CONNECT}),
        (slow_to_greet, {"checktype": CheckType.CONNECT}),
        (mail, {"service": "smtp"}),
        (page(PAGE), RECEIVE),
        (page(PAGE), {"service": "http"}),
        (page(BIG), {"service": "http"}),
        (page(PAGE.replace(b"200", b"503")), RECEIVE),
        (redis, {"service": "redis"}),
    ],
    ids=[
        "connect", "connect: greeting", "connect: slow to greet", "smtp", "page", "page: status only", "big page",
        "page: down", "redis",
    ],
)  # fmt: skip
async def test_a_check_that_comes_to_its_end_ends_in_order(script, words) -> None:
    with served(script) as (server, endpoint):
        async with probing() as ask:
            for _ in range(3):
                await ask(probe_of(endpoint, **{**PATIENT, **words}))
                assert await server.end() == 0


async def test_a_verdict_does_not_wait_for_the_servers_end() -> None:
    told = asyncio.Event()

    def hangs(connection: socket.socket) -> None:
        to_the_end(connection)
        asyncio.run_coroutine_threadsafe(told.wait(), loop).result()

    loop = asyncio.get_running_loop()
    with served(hangs) as (server, endpoint):
        async with probing() as ask:
            outcome = await ask(probe_of(endpoint, checktype=CheckType.CONNECT))
            told.set()
            assert (outcome.verdict, await server.end()) == (Verdict.UP, 0)


def time_waits(port: int) -> dict[tuple[str, str], str]:
    """Return who keeps each TIME_WAIT of a connection to *port* on this machine, "server" or "client", by its ends."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ended = [(row[1], row[2]) for row in rows if row[3] == _TIME_WAIT]
    mine = f":{port:04X}"
    return {ends: "server" for ends in ended if ends[0].endswith(mine)} | {
        ends: "client" for ends in ended if ends[1].endswith(mine)
    }


@pytest.mark.parametrize(
    ("script", "words", "who"),
    [
        (mail, {"service": "smtp"}, "server"),
        (page(PAGE), {"service": "http"}, "server"),
        (redis, {"service": "redis"}, "client"),
    ],
    ids=["smtp", "page", "redis"],
)
async def test_a_server_that_is_to_close_closes_first_and_keeps_the_time_wait(script, words, who) -> None:
    with served(script) as (server, endpoint):
        earlier = time_waits(endpoint.port)  # of others that had this port in the last minute
        async with probing() as ask:
            await ask(probe_of(endpoint, **{**PATIENT, **words}))
            assert await server.end() == 0
            async with asyncio.timeout(PATIENCE):
                while not (
                    found := [keeps for ends, keeps in time_waits(endpoint.port).items() if ends not in earlier]
                ):
                    await asyncio.sleep(0)
    assert found == [who]


@pytest.mark.parametrize(
    ("script", "words", "reason"),
    [
        (silent, {"service": "smtp", "negotiatetimeout": 0.1}, Reason.TIMEOUT),
        (page(HUGE), {"service": "http"}, Reason.OK),
    ],
    ids=["timeout", "endless page"],
)
async def test_what_fails_or_does_not_end_is_reset(script, words, reason) -> None:
    with served(script) as (server, endpoint):
        async with probing() as ask:
            outcome = await ask(probe_of(endpoint, **{**PATIENT, **words}))
            assert (outcome.reason, await server.end() in RESET) == (reason, True)


@contextmanager
def closing_by(budget: TimeWaitBudget) -> Iterator[tuple[ClosingConnections, Ask]]:
    """Yield a way to ask whose connections end within *budget*."""
    loop = asyncio.get_running_loop()
    prober = Prober(asyncio.TaskGroup(), Workers(), crashed=lambda _probe, error: pytest.fail(str(error)))
    prober.closing = ClosingConnections(loop, budget)

    async def ask(probe: Probe) -> Outcome:
        verdict: asyncio.Future[Outcome] = loop.create_future()
        prober.prepare(probe)(lambda outcome, *_: verdict.set_result(outcome), loop.time())
        return await verdict

    yield prober.closing, ask
    prober.close()


async def test_without_room_for_a_time_wait_we_do_not_close_first() -> None:
    with served(silent) as (server, endpoint), closing_by(TimeWaitBudget(0)) as (_, ask):
        assert (await ask(probe_of(endpoint, checktype=CheckType.CONNECT))).verdict is Verdict.UP
        assert await server.end() == errno.ECONNRESET
    with served(mail) as (server, endpoint), closing_by(TimeWaitBudget(0)) as (_, ask):
        assert (await ask(probe_of(endpoint, service="smtp"))).verdict is Verdict.UP
        assert await server.end() == 0


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield our end of a connection, and the server's."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as ours:
        ours.setblocking(False)
        theirs, _ = listener.accept()
        with theirs:
            theirs.settimeout(PATIENCE)
            yield ours, theirs


async def test_a_server_that_does_not_end_its_side_is_not_waited_for_long() -> None:
    connections = ClosingConnections(asyncio.get_running_loop(), UNLIMITED, seconds=0.01)
    connections.now = asyncio.get_running_loop().time()
    with pair() as (ours, theirs):
        connections.close_second(ours, b"bye", unread=False, answering=True)
        assert await asyncio.to_thread(theirs.recv, 100, socket.MSG_WAITALL) == b"bye"
    assert len(connections) == 0


async def test_the_oldest_makes_room_for_a_new_one() -> None:
    connections = ClosingConnections(asyncio.get_running_loop(), UNLIMITED, most=1)
    with pair() as (first, server), pair() as (second, _):
        connections.close_second(first, b"", unread=False, answering=True)
        connections.close_second(second, b"", unread=False, answering=True)
        assert (server.recv(1), len(connections), first.fileno()) == (b"", 1, -1)
        connections.close()
        assert (len(connections), second.fileno()) == (0, -1)


def told_over_tls(context: ssl.SSLContext, asked: bytes, answer: bytes) -> Callable[[socket.socket], None]:
    """Answer over TLS, and insist on close_notify: its want is an error (RFC 8446 §6.1)."""

    def script(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=False) as secure:
            secure.sendall(PAGE if b"/there" in until(secure, asked) else answer)
            secure.unwrap()  # waits for the other side's close_notify, and is content with nothing else

    return script


@pytest.mark.parametrize(
    ("asked", "answer", "words", "connections"),
    [
        (b"PING", b"+PONG\r\n", {"service": "rediss"}, 1),
        (b"\r\n\r\n", PAGE, {**RECEIVE, "service": "https"}, 1),
        (b"\r\n\r\n", PAGE.replace(b"alive", b"dying"), {**RECEIVE, "service": "https"}, 1),
        (b"\r\n\r\n", PAGE, {"service": "https"}, 1),
        (b"\r\n\r\n", PAGE.replace(b"Content-Length: 5\r\n", b""), {**RECEIVE, "service": "https"}, 1),
        (b"\r\n\r\n", MOVED, {**RECEIVE, "service": "https"}, 2),
    ],
    ids=["we close", "the server closes", "down", "status only", "no length", "redirect"],
)
async def test_over_tls_the_end_is_told_before(asked, answer, words, connections) -> None:
    context = Authority().server("www.example")
    with served(told_over_tls(context, asked, answer)) as (server, endpoint):
        async with probing() as ask:
            for _ in range(2):  # the second resumes the first's session
                await ask(probe_of(endpoint, **{**PATIENT, **words}))
                assert [await server.end() for _ in range(connections)] == [0] * connections


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"ipv4/tcp_max_tw_buckets": "120000\n"}, 1000),
        ({"ipv4/tcp_max_tw_buckets": "120000\n", "netfilter/nf_conntrack_max": "4800000\n"}, 1000),
        ({"ipv4/tcp_max_tw_buckets": "120000\n", "netfilter/nf_conntrack_max": "48000\n"}, 100),
        ({"ipv4/tcp_max_tw_buckets": "0\n"}, 0),
        ({}, 4096 * 0.5 / 60),
    ],
    ids=["buckets", "much is tracked", "little is tracked", "none", "unknown"],
)
def test_how_many_time_waits_a_machine_bears(tmp_path: Path, limits: dict[str, str], expected: float) -> None:
    for name, content in limits.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    assert math.isclose(per_second(tmp_path), expected)


def test_a_budget_is_refilled_evenly() -> None:
    budget = TimeWaitBudget(10)
    assert [budget.spend(100.0) for _ in range(11)] == [True] * 10 + [False]
    assert [budget.spend(100.25) for _ in range(3)] == [True, True, False]
    assert [budget.spend(200.0) for _ in range(11)] == [True] * 10 + [False]  # what was not spent does not pile up


def test_a_budget_of_less_than_one_a_second_is_spent_all_the_same() -> None:
    budget = TimeWaitBudget(0.5)
    assert [budget.spend(now) for now in (100.0, 101.0, 102.0, 104.0)] == [True, False, True, True]
    assert not any(TimeWaitBudget(0).spend(now) for now in (1.0, 1e9))
