import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from struct import pack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.ftp.control_connection import MOST_REPLY
from ldirectord_py.checks.ftp.driver import MOST_FILE, Ftp
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, down, up
from ldirectord_py.model.checks.probe import Probe
from ldirectord_py.model.service import AddressKey, Protocol
from tests.peers.driver_services import services
from tests.peers.listeners import serving
from tests.peers.options import planned
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port

REAL = Endpoint(ip_address("10.0.0.5"), 21)
VIRTUAL = AddressKey(Protocol.TCP, Endpoint(ip_address("10.0.0.1"), 21))
REPLIES = {
    "": b"220 ready\r\n",
    "USER": b"331 password, please\r\n",
    "PASS": b"230 welcome\r\n",
    "TYPE": b"200 binary\r\n",
    "EPSV": b"229 go (|||PORT|)\r\n",
    "PASV": b"227 go (192,0,2,9,HIGH,LOW)\r\n",
    "RETR": b"150 here it comes\r\n",
    "sent": b"226 complete\r\n",
    "QUIT": b"221 bye\r\n",
}
CLOSES = b""
CLOSED = down(Reason.CLOSED, "the server ended the connection before its reply was complete")


class Scripted:
    """A server that answers each command as *replies* say, and sends *file* over each data connection."""

    def __init__(self, replies: Mapping[str, bytes], file: bytes) -> None:
        self.replies = REPLIES | replies
        self.file = file
        self.heard: list[bytes] = []
        self.ended = asyncio.Event()
        self.port = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._say(writer, "")
            while command := (await reader.readline()).rstrip(b"\r\n"):
                self.heard.append(command)
                name = command.partition(b" ")[0].decode("latin-1")
                await self._say(writer, name)
                if name == "RETR" and self.replies["RETR"].startswith(b"1"):
                    await self._say(writer, "sent")
        finally:
            self.ended.set()

    async def send_file(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.file)
        await writer.drain()

    async def _say(self, writer: asyncio.StreamWriter, name: str) -> None:
        high, low = divmod(self.port, 256)
        reply = self.replies[name].replace(b"PORT", b"%d" % self.port)
        reply = reply.replace(b"HIGH", b"%d" % high).replace(b"LOW", b"%d" % low)
        writer.write(reply)
        await writer.drain()
        if not reply.endswith(b"\n"):
            raise ConnectionError


class Resetting(Scripted):
    """Resets the control connection behind its last reply, before the file has come."""

    async def send_file(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.ended.wait()
        await super().send_file(reader, writer)

    async def _say(self, writer: asyncio.StreamWriter, name: str) -> None:
        await super()._say(writer, name)
        if name == "sent":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
            writer.transport.abort()
            raise ConnectionError


@asynccontextmanager
async def scripted(
    replies: Mapping[str, bytes], file: bytes, kind: type[Scripted] = Scripted
) -> AsyncIterator[tuple[Scripted, Endpoint]]:
    server = kind(replies, file)
    async with serving(server.send_file) as data, serving(server.converse) as control:
        server.port = data.port
        yield server, control


async def ask(replies: Mapping[str, bytes], file: bytes = b"", **options) -> Outcome:
    async with scripted(replies, file) as (_, endpoint), asyncio.timeout(PATIENCE):
        return await Ftp(server=endpoint, **options).run(services())


async def test_a_reset_behind_the_last_reply_changes_no_verdict() -> None:
    async with scripted({}, b"I am ready", Resetting) as (_, endpoint), asyncio.timeout(PATIENCE):
        assert await Ftp(server=endpoint, **FETCH).run(services()) == up("fetched 10 bytes")


def refused(what: str, expected: str) -> Outcome:
    return down(Reason.STATUS, f"{what}, expected {expected}")


def portless(reply: str) -> Outcome:
    return down(Reason.PROTOCOL, f"expected a port, but got '{reply}'")


FETCH = {"path": b"/x", "receive": Receive(b"ready")}
LOGIN: dict[str, object] = {}
CASES: dict[str, tuple[dict[str, bytes], dict[str, object], Outcome]] = {
    "lets us in": ({}, LOGIN, up("logged in")),
    "lets us in without a password": ({"USER": b"230 hello\n", "PASS": b"503 why?\r\n"}, LOGIN, up("logged in")),
    "needs no password for this site": ({"PASS": b"202 superfluous\r\n"}, LOGIN, up("logged in")),
    "greets at length": ({"": b"220-Welcome\r\n 220 to\r\n221 x\r\n220-y\r\n\r\n220 z\r\n"}, LOGIN, up("logged in")),
    "greets in one word": ({"": b"220\r\n"}, LOGIN, up("logged in")),
    "is ready soon": ({"": b"120 wait\r\n220 ready\r\n"}, LOGIN, up("logged in")),
    "is not ready": ({"": b"421 full\r\n"}, LOGIN, refused("greeted with '421 full'", "220")),
    "does not know the user": (
        {"USER": b"530 who?\r\n"},
        LOGIN,
        refused("USER answered with '530 who?'", "230 or 331"),
    ),
    "does not know the password": (
        {"PASS": b"530 no\r\n"},
        LOGIN,
        refused("PASS answered with '530 no'", "230 or 202"),
    ),
    "wants an account": ({"PASS": b"332 who?\r\n"}, LOGIN, refused("PASS answered with '332 who?'", "230 or 202")),
    "is no FTP server": (
        {"": b"SSH-2.0-x\r\n"},
        LOGIN,
        down(Reason.PROTOCOL, "expected a reply of FTP, but got 'SSH-2.0-x'"),
    ),
    "hangs up": ({"": CLOSES}, LOGIN, CLOSED),
    "hangs up in a reply": ({"USER": b"331-hm\r\n33"}, LOGIN, CLOSED),
    "serves": ({}, FETCH, up("fetched 8 bytes")),
    "serves at once": ({"RETR": b"226 that was it\r\n"}, FETCH, up("fetched 8 bytes")),
    "knows no EPSV": ({"EPSV": b"500 what?\r\n"}, FETCH, up("fetched 8 bytes")),
    "knows no passive mode": (
        {"EPSV": b"500 what?\r\n", "PASV": b"502 no\r\n"},
        FETCH,
        refused("PASV answered with '502 no'", "227"),
    ),
    "is in a hurry": ({"EPSV": b"421 too late\r\n"}, FETCH, refused("EPSV answered with '421 too late'", "229 or 5xx")),
    "names no port": ({"EPSV": b"229 go\r\n"}, FETCH, portless("229 go")),
    "names no port to PASV": ({"EPSV": b"500\r\n", "PASV": b"227 go\r\n"}, FETCH, portless("227 go")),
    "names port 0": ({"EPSV": b"229 (|||0|)\r\n"}, FETCH, portless("229 (|||0|)")),
    "names port 99999": ({"EPSV": b"229 (|||99999|)\r\n"}, FETCH, portless("229 (|||99999|)")),
    "knows no binary": ({"TYPE": b"504 no\r\n"}, FETCH, refused("TYPE answered with '504 no'", "2xx")),
    "has no such file": ({"RETR": b"550 where?\r\n"}, FETCH, refused("RETR answered with '550 where?'", "1xx or 2xx")),
    "breaks off": ({"sent": b"426 sorry\r\n"}, FETCH, refused("RETR answered with '426 sorry'", "2xx")),
    "hangs up in the end": ({"sent": CLOSES}, FETCH, CLOSED),
    "knows no goodbye": ({"QUIT": CLOSES}, FETCH, up("fetched 8 bytes")),
    "has another file": (
        {},
        FETCH | {"receive": Receive(b"^steady")},
        down(Reason.MISMATCH, r"the file does not match '^steady': got 'I ready\n'"),
    ),
    "any file will do": ({}, FETCH | {"receive": None}, up("fetched 8 bytes")),
}


@pytest.mark.parametrize(("replies", "options", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_dialogue(replies, options, expected: Outcome) -> None:
    assert await ask(replies, b"I ready\n", **options) == expected


async def test_the_commands_are_as_the_rfc_has_them() -> None:
    async with scripted({"EPSV": b"500 what?\r\n"}, b"ready") as (server, endpoint), asyncio.timeout(PATIENCE):
        await Ftp(server=endpoint, login=b"alice", passwd=b"rabbit-hole", path=b"/a b", receive=Receive(b"ready")).run(
            services()
        )
        await server.ended.wait()
    assert server.heard == [
        b"USER alice", b"PASS rabbit-hole", b"TYPE I", b"EPSV", b"PASV", b"RETR /a b", b"QUIT",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "receive", "expected"),
    [
        (MOST_FILE, None, up(f"fetched {MOST_FILE} bytes")),
        (10 * MOST_FILE, None, up(f"fetched {MOST_FILE} bytes")),
        (10 * MOST_FILE, "xx", up(f"fetched {MOST_FILE} bytes")),
        (
            10 * MOST_FILE,
            "y",
            down(Reason.TOO_LONG, f"the file's first 256 KiB does not match 'y': got '{'x' * 80}...'"),
        ),
    ],
)
async def test_of_a_long_file_no_more_is_fetched_than_is_looked_at(size, receive, expected) -> None:
    assert await ask({}, b"x" * size, path=b"/x", receive=Receive.of(receive or "")) == expected


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"220 " + b"x" * 2 * MOST_REPLY, "did not end within 16 KiB"),
        ((b"220-" + b"x" * 60 + b"\r\n") * MOST_REPLY, "did not end within 16 KiB"),
        (b"220-x\r\n" * MOST_REPLY, "has more than 500 lines"),
    ],
    ids=["line", "lines", "short lines"],
)
async def test_a_reply_without_end_is_too_long(greeting: bytes, said: str) -> None:
    assert await ask({"": greeting}) == down(Reason.TOO_LONG, f"a reply of the server {said}")


async def test_where_nobody_listens_it_is_refused() -> None:
    outcome = await Ftp(server=Endpoint(ip_address("127.0.0.1"), free_port())).run(services())
    assert outcome == down(Reason.REFUSED, "connection refused")


async def test_a_refused_data_connection_says_so() -> None:
    port = free_port()
    outcome = await ask({"EPSV": b"229 (|||%d|)\r\n" % port}, path=b"/x")
    assert outcome == down(Reason.REFUSED, f"data connection to port {port}: connection refused")


async def test_a_reset_is_told_as_such() -> None:
    async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await reader.readexactly(4)  # leaves the rest unread, so that closing is a reset

    async with serving(greets) as endpoint, asyncio.timeout(PATIENCE):
        assert (await Ftp(server=endpoint).run(services())).reason in {Reason.RESET, Reason.CLOSED}


async def test_what_is_secret_does_not_show() -> None:
    secret = {"login": b"alice", "passwd": b"rabbit-hole"}
    for name in ("", "USER", "PASS"):
        outcome = await ask({name: b"599 alice has RABBIT-HOLE\r\n"}, **secret)
        assert "'599 *** has ***'" in outcome.detail
    assert "rabbit" not in repr(Ftp(server=REAL, **secret))
    assert "alice" not in repr(Ftp(server=REAL, **secret))


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_nothing_is_left_behind_when_its_time_is_up() -> None:
    reached = asyncio.Event()

    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()

    async with scripted({}, b"") as (server, endpoint), serving(hangs) as data:
        server.port = data.port
        before = descriptors()
        async with asyncio.TaskGroup() as tasks:
            check = tasks.create_task(Ftp(server=endpoint, path=b"/x").run(services()))
            await reached.wait()
            check.cancel()
        async with asyncio.timeout(PATIENCE):
            await server.ended.wait()
            while descriptors() > before:
                await asyncio.sleep(0.01)
    assert check.cancelled()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from([name for name in REPLIES if name != "QUIT"]),
        st.binary(min_size=1, max_size=100).map(lambda reply: reply + b"\n")
        | st.integers(100, 599).map(lambda code: b"%d (|||9,9,9,9,9,9\r\n" % code),
    )
)
async def test_no_replies_crash_it(replies: dict[str, bytes]) -> None:
    try:
        async with scripted(replies, b"ready") as (_, endpoint), asyncio.timeout(0.5):
            outcome = await Ftp(server=endpoint, **FETCH).run(services())
    except TimeoutError:  # some replies ask for another
        return
    assert len(outcome.detail) <= LONGEST_DETAIL


def build(own: str | None = None, **words: object) -> Probe:
    subject = CheckedServer(virtual=VIRTUAL, endpoint=REAL, request=own)
    return planned(CheckOptions(service="ftp", **words), subject)


def test_it_is_built_as_configured() -> None:
    words = {"login": "alice", "passwd": "ü", "request": "/x", "receive": "y", "negotiatetimeout": 7.0}
    check = Ftp(server=REAL, login=b"alice", passwd="ü".encode(), path=b"/x", receive=Receive(b"y"))
    assert build(**words) == Probe(check=check, timeout=7, asked=f"ftp file /x of {REAL}")


def test_without_a_request_to_be_let_in_will_do() -> None:
    assert build() == Probe(check=Ftp(server=REAL), timeout=30, asked=f"ftp login at {REAL}")
    assert build(receive="y").check == Ftp(server=REAL, path=b"/", receive=Receive(b"y"))
    assert build("/z").check == Ftp(server=REAL, path=b"/z")
    assert build("/", request="/x").check == Ftp(server=REAL)


@pytest.mark.parametrize("directive", ["login", "passwd", "request"])
@pytest.mark.parametrize("text", ["/a\nb", "/a\rb", "/a\0b"])
def test_what_would_end_a_command_is_refused(directive: str, text: str) -> None:
    with pytest.raises(InvalidOption, match="FTP can carry") as refused_:
        build(**{directive: text})
    assert refused_.value.directive == directive
