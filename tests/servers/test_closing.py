"""How checks end, by the logs of servers that were asked: nothing in them looks like an error."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ldirectord_py.model.asking import CheckType
from ldirectord_py.model.outcome import Verdict
from tests.lab.support.waiting import wait_until
from tests.peers.asking import checking
from tests.peers.ports import free_port
from tests.servers.daemons import PATIENT, accepts, at, daemon
from tests.servers.exim import exim

CHECKS = 10
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
    with daemon([sys.executable, "-u", *words, str(port)], ready=accepts(port), output=log, cwd=tmp_path):
        yield port, log


async def ask(port: int, **words: object) -> None:
    async with checking() as check:
        for _ in range(CHECKS):
            assert (await check(at(port), **words)).verdict is Verdict.UP


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
        await ask(port, **words, **PATIENT)
        await ask(port, service="http", request="/?last", **PATIENT)
        wait_until(lambda: log.read_text().count("last") == CHECKS, telling=log.read_text)
    assert log.read_text().count("GET ") == visits + CHECKS
    assert not ERROR.findall(log.read_text())


async def test_a_server_that_greets_sees_no_error(tmp_path: Path) -> None:
    with python(tmp_path, "-c", GREETER) as (port, log):
        before = log.read_text().count("went")
        await ask(port, **CONNECT, **PATIENT)
        wait_until(lambda: log.read_text().count("went") >= before + CHECKS, telling=log.read_text)
    assert not ERROR.findall(log.read_text())


async def test_exim_sees_everybody_take_leave() -> None:
    with exim() as mail:
        await ask(mail.guestbook, service="smtp", **PATIENT)

        def told() -> list[str]:
            return [line for line in mail.log.read_text().splitlines() if f"]:{mail.guestbook} " in line]

        wait_until(lambda: sum("closed by QUIT" in line for line in told()) == CHECKS, telling=mail.log.read_text)
        assert not ERROR.findall("\n".join(told()))
