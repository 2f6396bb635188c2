"""A real daemon with a table in memory, its web servers, and the page that it serves."""

import hashlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port
from tests.peers.webserver import Page, Site, WebServer
from tests.stories.test_command_line import COMMAND

TOKEN = "t" * 43
"""With which commands may be given."""


def until(come_true: Callable[[], object], told: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come_true():
        assert time.monotonic() < deadline, told()
        time.sleep(0.02)


class Director:
    """A daemon in a folder of its own, that can be started, ended and started again."""

    def __init__(self, home: Path, interval: int = 1) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._config = home / "web.cf"
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        (home / "tokens").write_text(f"ops write sha256:{digest}\n")
        (home / "tokens").chmod(0o600)
        self._process: subprocess.Popen[bytes] | None = None
        self._head = (
            f"checkinterval={interval}\nchecktimeout=5\nnegotiatetimeout=5\n"
            f"statuslisten=127.0.0.1:{self.port}\napitokens={home}/tokens\n"
        )

    def write(self, text: str) -> None:
        """Have *text*, the sections, be what the daemon does when it starts next."""
        self._config.write_text(f"{self._head}{text}")

    def start(self) -> None:
        """Start it, and wait until each server has been checked once."""
        command = [sys.executable, str(COMMAND), "--table", "memory", "--foreground", str(self._config), "start"]
        with (self.home / "printed").open("ab") as printed:
            self._process = subprocess.Popen(
                command,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
            )
        until(self.ready, self.told)

    @property
    def environment(self) -> dict[str, str]:
        """What programs have to know to find it."""
        return {"LDIRECTORD_RUN_DIR": str(self.home)}

    @property
    def socket(self) -> Path:
        """Its control socket."""
        return self.home / f"ldirectord.{self._config.name}.sock"

    def ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.told()
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
            return answer.status == 200
        return False

    def told(self) -> str:
        return (self.home / "printed").read_text(errors="replace")

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid


class Hosts:
    """One web server that is many, each at an address of its own on the loopback."""

    def __init__(self, servers: WebServer) -> None:
        listener = socket.create_server(("", 0), backlog=4096)
        self._port = listener.getsockname()[1]
        self._site = Site("all of them")
        servers.serve(self._site, listener)

    def address(self, number: int) -> str:
        """Return where the server with this number is."""
        return f"127.1.{number // 250}.{number % 250 + 1}:{self._port}"

    def sick(self, number: int) -> None:
        """Have one of them say no."""
        for page in self._pages(number):
            self._site.pages[page] = Page(b"no")

    def alive(self, number: int) -> None:
        """Have one of them say yes again."""
        for page in self._pages(number):
            self._site.pages.pop(page, None)

    def _pages(self, number: int) -> tuple[str, str]:
        """Return its page by the names that a request may call it, with its port and without."""
        address = self.address(number)
        return f"{address}/alive.html", f"{address.partition(':')[0]}/alive.html"


class Farm:
    """Web servers that a test ends and revives."""

    def __init__(self, servers: WebServer) -> None:
        self._servers = servers
        self.sites: dict[str, Site] = {}
        self.addresses: dict[str, str] = {}

    def add(self, name: str) -> str:
        """Return the address of a new server."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        site = self.sites[name] = Site(name)
        self._servers.serve(site, listener)
        address = self.addresses[name] = f"127.0.0.1:{listener.getsockname()[1]}"
        return address


def section(virtual: str, reals: list[str], *more: str) -> str:
    """Return a virtual service whose servers are asked for /alive.html."""
    lines = [f"virtual={virtual}", *(f"\treal={real} masq" for real in reals), "\tservice=http"]
    lines += ['\trequest="alive.html"', '\treceive="alive"', *(f"\t{line}" for line in more)]
    return "\n".join(lines) + "\n\n"
