"""What comes with the package for Prometheus and Grafana, tried by Prometheus itself."""

import json
import os
import re
import signal
import socket
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ldirectord_py.model.config import MetricsDetail
from tests.peers.ports import free_port
from tests.peers.webserver import Site, WebServer
from tests.servers.daemons import daemon
from tests.servers.prometheus import PATIENCE, Prometheus, prometheus, promtool, wait_until

ROOT = Path(__file__).parents[2]
RULES = ROOT / "etc" / "prometheus" / "ldirectord.rules.yml"
DASHBOARD = ROOT / "etc" / "grafana" / "ldirectord.json"
COMMAND = ROOT / "tests" / "stories" / "ldirectord_command.py"
VIRTUAL = "tcp:192.0.2.1:80"


@dataclass(frozen=True, slots=True)
class Director:
    """A daemon that checks two web servers every second, and the port of its metrics."""

    sites: tuple[Site, Site]
    reals: tuple[str, str]
    port: int
    config: Path
    pid: int = 0

    def shows(self) -> tuple[bool, bool]:
        """Return whether a scrape has series of real servers, and whether it has series of virtual services."""
        text = self.scrape()
        return "ldirectord_real_up{" in text, "ldirectord_virtual_weight{" in text

    def scrape(self, accept: str = "") -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def checked(self) -> bool:
        try:
            return "ldirectord_first_pass_complete 1" in self.scrape()
        except OSError:
            return False


@pytest.fixture
def director(tmp_path: Path) -> Iterator[Director]:
    (tmp_path / "run").mkdir()
    with WebServer() as web:
        listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        it = Director(
            (Site("one"), Site("two")),
            tuple("{}:{}".format(*each.getsockname()) for each in listeners),
            free_port(),
            tmp_path / "web.cf",
        )
        for site, listener in zip(it.sites, listeners, strict=True):
            web.serve(site, listener)
        it.config.write_text(
            f"metricslisten={it.port}\ncheckinterval=1\nreconcileinterval=1\n"
            f'logfile="{tmp_path}/log"\n'
            "virtual=192.0.2.1:80\n"
            + "".join(f"\treal={real} masq 3\n" for real in it.reals)
            + '\tservice=http\n\trequest="alive.html"\n\treceive="alive"\n\tservicename=shop\n'
        )
        argv = [sys.executable, COMMAND, "--table", "memory", "--foreground", it.config, "start"]
        environment = os.environ | {"LDIRECTORD_RUN_DIR": str(tmp_path / "run"), "PYTHONPATH": str(ROOT)}
        with daemon(argv, ready=it.checked, output=tmp_path / "output", env=environment) as process:
            yield replace(it, pid=process.pid)


def test_promtool_finds_nothing_in_a_scrape_at_any_detail(director: Director) -> None:
    text = director.config.read_text()
    for detail in MetricsDetail:
        director.config.write_text(f"metricsdetail={detail}\n{text}")
        os.kill(director.pid, signal.SIGHUP)
        of_reals = {MetricsDetail.EXTRA, MetricsDetail.FULL, MetricsDetail.REAL}
        expected = detail in of_reals, detail is not MetricsDetail.OFF
        wait_until(lambda expected=expected: director.shows() == expected)
        done = promtool("check", "metrics", given=director.scrape())
        assert (done.returncode, done.stdout) == (0, "")


def test_promtool_finds_nothing_in_the_rules_and_their_own_tests_hold() -> None:
    checked = promtool("check", "rules", RULES)
    assert checked.returncode == 0, checked.stdout
    tested = promtool("test", "rules", RULES.with_name("ldirectord.test.yml"))
    assert tested.returncode == 0, tested.stdout


def test_an_alert_fires_when_a_server_dies_and_is_resolved_when_it_is_back(director: Director, tmp_path: Path) -> None:
    hasty = tmp_path / "rules.yml"
    hasty.write_text(re.sub(r"(?m)^( +for: ).*$", r"\g<1>1s", RULES.read_text()))
    with prometheus(tmp_path, hasty, director.port) as server:
        server.until(lambda: server.value(f'sum(ldirectord_real_up{{virtual="{VIRTUAL}"}})') == 2)
        server.until(lambda: not server.firing())
        director.sites[1].sick()
        server.until(server.firing)
        (alert,) = server.firing()
        director.sites[1].alive()
        server.until(lambda: not server.firing())
        the_dashboard_shows_something(server)

    names = {"alertname": "LdirectordRealDown", "virtual": VIRTUAL, "real": director.reals[1], "severity": "warning"}
    assert names.items() <= alert["labels"].items()
    assert alert["annotations"]["summary"] == f"Real server {director.reals[1]} of {VIRTUAL} is down"


VARIABLES = {"$job": ".*", "$instance": ".*", "$virtual": ".*", "$__rate_interval": "10s", "$__range": "1m"}
SILENT = {
    "Taken out by hand, or given another weight",
    "Certificate that ends first",
    "Out now",
    "Changes by somebody else",
    "Messages to the kernel",
}
"""Panels of the dashboard that have nothing to show of web servers without TLS that are well, on a table in memory."""


def the_dashboard_shows_something(server: Prometheus) -> None:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            query = target["expr"]
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            found = server.ask("query", query=query)["result"]
            assert found or panel["title"] in SILENT, (panel["title"], query)
