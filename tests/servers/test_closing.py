"""How checks end, by the logs of servers that were asked: nothing in them looks like an error."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from ldirectord_py.model.checks.check_options import CheckType
from ldirectord_py.model.checks.outcome import Verdict
from tests.lab.support.waiting import wait_until
from tests.peers.options import checking
from tests.peers.ports import free_port
from tests.servers.daemons import PATIENT, at, daemon
from tests.servers.exim import exim
from tests.servers.mariadb import mariadb

Ask = Callable[..., Awaitable[None]]
CHECKS = 10
LISTEN, TIME_WAIT = "0A", "06"  # net/tcp_states.h of Linux
CONNECT = {"checktype": CheckType.CONNECT}
ERROR = re.compile(r"Traceback|Error|error|reset|Broken pipe|unexpected|lost", re.MULTILINE)
GREETER = """
import socketserver, sys
class Greeter(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 ready\\r\\n")
        while line := self.rfile.readline():
            self.wfile.write(b"250 " + line)
        print("went", flush=True)
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Greeter).serve_forever()
"""


@contextmanager
def python(tmp_path: Path, *words: str) -> Iterator[tuple[int, Path]]:
    """Run a server of Python's own with *words*, and a free port behind them; yield the port and the server's log."""
    port = free_port()
    log = tmp_path / "log"
    with daemon([sys.executable, "-u", *words, str(port)], ready=lambda: listens(port), output=log, cwd=tmp_path):
        yield port, log


@asynccontextmanager
async def asked(port: int, **words: object) -> AsyncIterator[Ask]:
    """Ask some times, and yield a way to ask as often once more; connections go on closing until the end."""
    async with checking() as check:

        async def ask(**words: object) -> None:
            for _ in range(CHECKS):
                assert (await check(at(port), **words, **PATIENT)).verdict is Verdict.UP

        await ask(**words)
        yield ask


def listens(port: int) -> bool:
    """Return whether a server listens at *port*; one that was connected to would see that end, in order or not."""
    return LISTEN in _states(port)


def connections(port: int) -> int:
    """Return how many connections a server at *port* has, accepted or not."""
    return sum(state not in {LISTEN, TIME_WAIT} for state in _states(port))


def _states(port: int) -> list[str]:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[3] for row in rows if row[1].endswith(f":{port:04X}")]


async def until(expected: Callable[[], bool], log: Path) -> None:
    await asyncio.to_thread(wait_until, expected, telling=log.read_text)


@pytest.mark.parametrize(
    ("words", "visits"),
    [
        (CONNECT, 0),
        ({"service": "http", "request": "/small"}, CHECKS),
        ({"service": "http", "request": "/big"}, CHECKS),
        ({"service": "http", "request": "/big", "receive": "alive"}, CHECKS),
    ],
    ids=["connect", "page", "big page", "big page: receive"],
)
async def test_pythons_web_server_sees_no_error(tmp_path: Path, words: dict[str, object], visits: int) -> None:
    (tmp_path / "small").write_text("alive\n")
    (tmp_path / "big").write_text("alive\n" * 300_000)
    with python(tmp_path, "-m", "http.server", "--bind", "127.0.0.1") as (port, log):
        async with asked(port, **words):
            await until(lambda: not connections(port), log)
    assert log.read_text().count("GET ") == visits
    assert not ERROR.findall(log.read_text())


async def test_a_server_that_greets_sees_no_error(tmp_path: Path) -> None:
    with python(tmp_path, "-c", GREETER) as (port, log):
        async with asked(port, **CONNECT):
            await until(lambda: log.read_text().count("went") == CHECKS, log)
    assert not ERROR.findall(log.read_text())


async def test_mariadb_that_looks_up_no_names_blocks_nobody() -> None:
    """Where it does, it blocks whoever does not log in, whether by a reset or in order; `lint` says so."""
    source = {"checksource": ip_address("127.0.0.2")}  # 127.0.0.1 is never blocked
    with mariadb("--max-connect-errors=3") as port:
        async with asked(port, **CONNECT, **source) as ask:
            await ask(service="simpletcp", receive="mysql_native_password", **source)  # its greeting


async def test_exim_sees_everybody_take_leave() -> None:
    with exim() as mail:

        def told() -> list[str]:
            return [line for line in mail.log.read_text().splitlines() if f"]:{mail.guestbook} " in line]

        async with asked(mail.guestbook, service="smtp"):
            await until(lambda: sum("closed by QUIT" in line for line in told()) == CHECKS, mail.log)
        assert not ERROR.findall("\n".join(told()))
