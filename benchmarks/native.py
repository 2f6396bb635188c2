"""Very many servers on loopback, and one among many that does not answer at all; prints a line of JSON for each.

    python benchmarks/native.py REALS SECONDS FAILURES

The web servers and whoever measures have one processor, the director has another (where there are two).
"""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from daemons import cf, real
from webserver import WebServer

SILENT = IPv4Address("127.2.0.1")
"""The server that does not answer."""
TREE = Path(__file__).parents[1]
INTERVAL = 2
PER_VIRTUAL = 100
SCRAPE_EVERY = 5
PATIENCE = 60.0


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest of *values* that at least this *share* of them do not exceed."""
    return sorted(values)[max(0, int(len(values) * share + 0.999999) - 1)]


class Director:
    """The director of a *tree* as a process to be asked (see `director.py`)."""

    def __init__(self, configuration: str, core: int, tree: Path, mode: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ldirectord-bench-")
        path = Path(self._folder.name) / "bench.cf"
        path.write_text(configuration.replace("HOME", self._folder.name))
        self._process = subprocess.Popen(
            [
                sys.executable,
                str(tree / "benchmarks" / "director.py"),
                str(path),
                str(path.with_suffix(".log")),
                str(core),
                *filter(None, (mode,)),  # trees of former days know none
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(tree)},
        )

    def hear(self) -> dict[str, float]:
        assert self._process.stdout is not None
        heard: dict[str, float] = json.loads(self._process.stdout.readline())
        return heard

    def ask(self, word: str) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        return self.hear()

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._folder.cleanup()


@contextmanager
def directing(configuration: str, core: int, tree: Path = TREE, mode: str = "") -> Iterator[tuple[Director, float]]:
    """Yield the director of a *tree* once it has asked each server, and in how many seconds it read its file.

    HOME in *configuration* is a folder of its own; for the *mode* see `director.py`.
    """
    director = Director(configuration, core, tree, mode)
    try:
        read = director.hear()["read"]
        director.hear()
        yield director, read
    finally:
        director.end()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def scrape(port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        answer.read()


def head(interval: float, port: int) -> str:
    return (
        f"checktimeout=3\nnegotiatetimeout=3\ncheckinterval={interval}\nquiescent=yes\nmetricslisten=127.0.0.1:{port}\n"
    )


def measured(director: Director, seconds: float, metrics: int) -> dict[str, float]:
    """Return what *director* measures in *seconds*, with a scrape of its metrics now and then."""
    director.ask("begin")
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        scrape(metrics)
        time.sleep(max(0, min(SCRAPE_EVERY, left)))
    return director.ask("end")


def reactions(director: Director, web: WebServer, servers: Sequence[str]) -> list[float]:
    """Have *servers* fail once each; return the seconds from each failing answer to the weight written."""
    for server in servers:
        web.ask(f"fail {server}")
        time.sleep(0.04)
    deadline = time.monotonic() + PATIENCE
    while not set(servers) <= (sent := web.ask("failed")).keys() and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1)
    written = director.ask("weights")
    return [written[server] - sent[server] for server in servers if server in written and server in sent]


def many(reals: int, seconds: float, failures: int, cores: tuple[int, int]) -> dict[str, object]:
    metrics = free_port()
    with WebServer(cores[0]) as web:
        configuration = cf("http", reals, web.port, head(INTERVAL, metrics), PER_VIRTUAL)
        with directing(configuration, cores[1]) as (director, read):
            time.sleep(2 * INTERVAL)  # until each has its own place within the interval
            found = measured(director, seconds, metrics)
            took = reactions(director, web, [real(number) for number in random.sample(range(reals), failures)])
    return {
        "many": reals,
        "interval": INTERVAL,
        "per_virtual": PER_VIRTUAL,
        "scrape_every": SCRAPE_EVERY,
        "read": read,
        "failures": len(took),
        "reaction50": quantile(took, 0.5) * 1e3,
        "reaction99": quantile(took, 0.99) * 1e3,
        **found,
    }


@contextmanager
def black_hole() -> Iterator[int]:
    """Listen, but let nobody in: with its queue full, the kernel drops whoever comes.  Yields the port."""
    listener = socket.create_server((str(SILENT), 0), backlog=0)
    with listener, socket.socket() as first, socket.socket() as second:
        for visitor in (first, second):
            visitor.settimeout(0)
            visitor.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def one_silent(reals: int, seconds: float, cores: tuple[int, int]) -> dict[str, object]:
    """Measure the lateness of the others with and without a server that does not answer."""
    metrics = free_port()
    found = {}
    with WebServer(cores[0]) as web, black_hole() as port:
        healthy = cf("http", reals, web.port, head(1, metrics))
        for name, configuration in (
            ("without", healthy),
            ("with", healthy.replace("\tprotocol", f"\treal={SILENT}:{port} masq 1\n\tprotocol", 1)),
        ):
            with directing(configuration, cores[1]) as (director, _):
                time.sleep(2)
                found[name] = measured(director, seconds, metrics)
    return {"silent": reals, **found}


def main() -> None:
    reals, seconds, failures = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    cores = sorted(os.sched_getaffinity(0))
    pair = (cores[0], cores[-1])
    os.sched_setaffinity(0, {pair[0]})
    print(json.dumps(many(reals, seconds, failures, pair)), flush=True)
    print(json.dumps(one_silent(min(500, reals), seconds, pair)), flush=True)


if __name__ == "__main__":
    main()
