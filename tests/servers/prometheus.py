"""Prometheus on loopback, scraping a director every second, with rules of a test's own."""

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port
from tests.servers.daemons import daemon

_PAUSE = 0.05

CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: ldirectord
    static_configs: [{{targets: ["127.0.0.1:{director}"]}}]
"""


def promtool(*words: str | Path, given: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Return what promtool has to say, both of its streams together."""
    return subprocess.run(
        ["promtool", *words],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def wait_until(true: Callable[[], object], telling: Callable[[], object] = str) -> None:
    """Ask *true* again and again; fail with what *telling* returns if that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, telling()
        time.sleep(_PAUSE)


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running server, asked over its API."""

    port: int

    def ask(self, what: str, **parameters: str) -> Any:
        """Return the data of an answer; fails where Prometheus says that it is none."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/api/v1/{what}{query}", timeout=PATIENCE
            ) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error

    def ready(self) -> bool:
        """Return whether it answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=PATIENCE) as answer:
                return answer.status == 200
        except OSError:
            return False

    def value(self, query: str) -> float | None:
        """Return the value of a query that has one; None: there is none now."""
        found = self.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> list[Mapping[str, Any]]:
        """Return the alerts that fire now."""
        return [alert for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"]

    def until(self, true: Callable[[], object]) -> None:
        """Wait until *true*; fail with the alerts that there are if that takes too long."""
        wait_until(true, lambda: self.ask("alerts"))


@contextmanager
def prometheus(folder: Path, rules: Path, director: int) -> Iterator[Prometheus]:
    """Run Prometheus, with its data in *folder*, until the end; it scrapes the director's port on loopback."""
    folder.joinpath("prometheus.yml").write_text(CONFIGURATION.format(rules=rules, director=director))
    it = Prometheus(free_port())
    argv = [
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{it.port}",
    ]
    with daemon(argv, ready=it.ready, output=folder / "output"):
        yield it
