"""A real daemon whose servers, certificates, files and configuration are hostile text: no outlet lets any of it out."""

import asyncio
import json
import os
import ssl
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from tests.faults.injections import CORPUS, unsafe
from tests.peers.certificates import NamedAuthority
from tests.peers.listeners import Answer, serving
from tests.peers.mailserver import MailServer
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port
from tests.stories.test_command_line import COMMAND

PASSED = b"Every real server has been checked once"


def greeting(text: bytes) -> Answer:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        await reader.read()

    return greet


def in_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass" if "\ud800" in text else "surrogateescape")


def in_a_line(text: str) -> bytes:
    """Return what of *text* can stand in a line of a configuration, between quotes."""
    return in_bytes(text).translate(None, b'\r\n\0"#')


class World:
    """Servers that greet with the corpus, TLS servers with certificates by it, files named after it."""

    def __init__(self, home: Path, mails: MailServer) -> None:
        self.home = home
        self.mails = mails
        self.metrics = free_port()
        self.config = home / "web.cf"
        self.text = (
            f'checkinterval=1\nnegotiatetimeout=5\nlogfile="{home}/log"\nmetricslisten={self.metrics}\n'
            f"maintenancedir={home}/maintenance\n"
            "emailalert=a@b.example\nemailalertfreq=1\nsmtp=127.0.0.1\n"
        ).encode()
        (home / "maintenance").mkdir()
        (home / "ca.pem").write_bytes(NamedAuthority("the operator's").pem.content)

    async def build(self, stack: AsyncExitStack) -> None:
        for number, text in enumerate(CORPUS.values(), 1):
            line = in_a_line(text)
            Path(os.fsdecode(os.fsencode(self.home) + b"/maintenance/" + line.replace(b"/", b""))).touch()
            real = await stack.enter_async_context(serving(greeting(b"554 " + in_bytes(text) + b"\r\n")))
            self.text += b"virtual=192.0.2.1:%d\n\treal=%b masq\n\tservice=smtp\n" % (number, str(real).encode())
            self.text += b'\tservicename=%b\n\tcomment=%b\n\trequest="%b"\n' % (line, line, line)
            self.text += b'\tfallbackcommand=/no/such/%b\n\tmonitorfile="%b/monitor"\n' % (line, os.fsencode(self.home))
            try:
                context = NamedAuthority(text).server(f"www{number}.example")
            except (ValueError, ssl.SSLError):  # no certificate can say so
                continue
            real = await stack.enter_async_context(serving(greeting(b""), context))
            self.text += b"virtual=192.0.2.2:%d\n\treal=%b masq\n\tservice=https\n" % (number, str(real).encode())
            self.text += b"\ttlsverify=yes\n\ttlscafile=%b\n" % os.fsencode(self.home / "ca.pem")
        self.config.write_bytes(self.text)

    def environment(self) -> dict[str, str]:
        mine = {"LDIRECTORD_RUN_DIR": str(self.home), "PYTHONIOENCODING": "utf-8:surrogateescape"}
        return os.environ | mine | {"DIRECTOR": "posting", "MAIL_PORT": str(self.mails.port), "SENDMAIL": "/no/such"}

    async def run(self, *words: str) -> bytes:
        """Return all that the command `ldirectord` prints."""
        return await self._printed(sys.executable, str(COMMAND), "--table", "memory", *words)

    async def control(self, *words: str) -> bytes:
        """Return all that the command `ldirectorctl` prints."""
        return await self._printed(sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", *words)

    async def _printed(self, *command: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=self.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        return printed

    def read(self, name: str) -> bytes:
        path = self.home / name
        return path.read_bytes() if path.exists() else b""

    def scraped(self) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=PATIENCE) as answer:
            return answer.read()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    with MailServer() as mails:
        async with AsyncExitStack() as stack:
            world = World(tmp_path, mails)
            await world.build(stack)
            yield world


@pytest.mark.parametrize(
    "options", [["--foreground"], ["--foreground", "--log-format", "json"], ["-d"]], ids=["text", "json", "debug"]
)
async def test_a_daemon_among_hostile_text_lets_none_of_it_out(world: World, options: list[str]) -> None:
    command = [sys.executable, str(COMMAND), "--table", "memory", *options, str(world.config), "start"]

    def told() -> bytes:
        return world.read("log") + world.read("printed")

    with (world.home / "printed").open("wb") as printed:
        process = await asyncio.create_subprocess_exec(
            *command, env=world.environment(), stdin=asyncio.subprocess.DEVNULL, stdout=printed, stderr=printed
        )
        try:
            await until(lambda: PASSED in told(), process, told)
            world.config.write_bytes(world.text.replace(b"\tservice=smtp", b"\tservice=\x1b[2J\xe2\x80\xae"))
            said = [await world.run(str(world.config), action) for action in ("reload", "status", "configtest")]
            said += [await world.control(action, str(world.config)) for action in ("lint", "plan")]
            await until(lambda: len(world.mails.mails) >= len(CORPUS), process, told)
            said.append(await asyncio.to_thread(world.scraped))
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await asyncio.wait_for(process.wait(), PATIENCE)
    mails = [mail.text.replace(b"\r\n", b"\n") for mail in world.mails.mails]
    logged = told()
    assert logged.count(b" is down (1 of 1): ") >= len(CORPUS)
    assert b"tlscafile" in logged
    assert b"fallbackcommand: '/no/such/" in logged
    assert b"Maintenance file" in logged
    assert b"[down]" in world.read("monitor")
    assert [found for text in [logged, world.read("monitor"), *said, *mails] for found in unsafe(text)] == []
    if "json" in options:
        assert all(json.loads(line)["level"] for line in world.read("log").splitlines())


async def until(come_true: Callable[[], bool], process: asyncio.subprocess.Process, told: Callable[[], bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come_true():
        assert process.returncode is None, told()
        assert time.monotonic() < deadline, told()
        await asyncio.sleep(0.05)
