"""A daemon as an operator starts it, with a table in memory and its own web servers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port
from tests.peers.webserver import Site, WebServer

VIP = "192.0.2.1:80"
COMMAND = ("-m", "ldirectord_py", "--table", "memory", "--log-format", "json", "--foreground")


@dataclass
class Daemon:
    """A daemon in the foreground, its files, and what it lets us see."""

    home: Path
    sites: dict[str, Site]
    addresses: dict[str, str]
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    virtuals: list[str] = field(default_factory=list)
    command: tuple[str, ...] = COMMAND
    environment: dict[str, str] = field(default_factory=dict)
    name: str = "story.cf"
    under: tuple[str, ...] = ()
    """What runs it, such as `prlimit`."""

    @property
    def config(self) -> Path:
        return self.home / self.name

    def write(self, *, weights: dict[str, int] | None = None, extra: str = "", section: str = "") -> None:
        reals = "".join(
            f"\treal={self.addresses[name]} masq {weight}\n"
            for name, weight in (weights or {"one": 3, "two": 2, "three": 1}).items()
        )
        self.config.write_text(
            f'checkinterval=1\nnegotiatetimeout=1\nlogfile="{self.home}/log"\nmetricslisten={self.port}\n{extra}'
            f'virtual={VIP}\n{reals}\tservice=http\n\trequest="alive.html"\n\treceive="I\'m alive!"\n'
            f"\tquiescent=yes\n\tscheduler=wlc\n\tfallback=127.0.0.1:9 masq\n{section}"
        )

    def start(self) -> None:
        with (self.home / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                [*self.under, sys.executable, *self.command, str(self.config), "start"],
                env=os.environ | {"LDIRECTORD_RUN_DIR": str(self.home), "PYTHONWARNINGS": "error"} | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )

    def tell(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def metrics(self) -> dict[str, float]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=PATIENCE) as answer:
                lines = answer.read().decode().splitlines()
        except (urllib.error.URLError, ConnectionError):
            return {}
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    def weights(self) -> dict[str, float]:
        """Return the weights in the table, by the server's name; a server that is not there has 0."""
        shown = self.metrics()
        names = {address: name for name, address in self.addresses.items()}
        return {
            names[label.split('real="')[1].split('"')[0]]: value
            for label, value in shown.items()
            if label.startswith("ldirectord_real_weight{") and 'kind="kernel"' in label
        }

    def log(self) -> list[dict[str, object]]:
        path = self.home / "log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def so_far(self, event: str) -> list[dict[str, object]]:
        """Return the lines of *event* that are there now, for what waits by itself."""
        return [line for line in self.log() if line["event"] == event]

    def logged(self, event: str, times: int = 0) -> list[dict[str, object]]:
        """Return the lines of *event*; of a daemon that runs, as soon as there are *times* of them.

        The log is written by a thread, after what it tells of: of one that runs the next line may come later.
        """
        ended = self.process is not None and self.process.poll() is not None
        assert times or ended, f"{event}: it runs, and more may come; how many are to be there?"
        self.until(lambda: len(self.so_far(event)) >= times)
        return self.so_far(event)

    def until(self, come_true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not come_true():
            assert self.process is not None
            assert self.process.poll() is None, (self.home / "stderr").read_text()
            assert time.monotonic() < deadline, json.dumps(self.log()[-20:], indent=1)
            time.sleep(0.02)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def daemon_in(home: Path) -> Iterator[Daemon]:
    """Have three web servers, and a daemon with its files in *home* that is not started yet."""
    with WebServer() as web:
        sites, addresses = {}, {}
        for name in ("one", "two", "three"):
            listener = socket.create_server(("127.0.0.1", 0))
            addresses[name] = "{}:{}".format(*listener.getsockname())
            sites[name] = Site(name)
            web.serve(sites[name], listener)
        running = Daemon(home, sites, addresses, free_port())
        running.write()
        try:
            yield running
        finally:
            if running.process is not None and running.process.poll() is None:
                running.process.kill()
                running.process.wait()
