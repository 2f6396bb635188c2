"""A daemon that is asked over its control socket: real processes, a table in memory."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ldirectord_py.cli.daemon.control_client import ask, control_path
from ldirectord_py.cli.instances import pid_paths
from tests.peers.patience import PATIENCE
from tests.stories.daemon import VIP, Daemon

ALL = {"one": 3, "two": 2, "three": 1}


def asked(daemon: Daemon, target: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    reply = ask(control_path(pid_paths(daemon.home, daemon.name)[0]), target, body)
    assert reply is not None
    return reply


def run(daemon: Daemon, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ldirectord_py", "--log-format", "json", str(daemon.config), *words],
        env=os.environ | {"LDIRECTORD_RUN_DIR": str(daemon.home)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_daemon_says_what_it_runs_on_and_what_is_its_own(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    assert daemon.process is not None
    status = asked(daemon, "/v1/status")
    assert (status["pid"], status["config"], status["refused"]) == (daemon.process.pid, str(daemon.config), [])
    (virtual,) = asked(daemon, "/v1/virtuals")["virtuals"]
    assert virtual["name"] == f"tcp:{VIP}"
    weights = {real["real"]: real["weight"]["kernel"] for real in virtual["reals"]}
    assert weights == {daemon.addresses[name]: weight for name, weight in ALL.items()}
    assert daemon.end() == 0
    assert not Path(daemon.home, f"ldirectord.{daemon.name}.sock").exists()


def test_reload_returns_when_the_new_configuration_is_in_force(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    before = asked(daemon, "/v1/status")["loaded"]
    daemon.write(weights={"one": 3, "two": 7})
    done = run(daemon, "reload")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert daemon.weights() == {"one": 3, "two": 7}
    assert asked(daemon, "/v1/status")["loaded"] > before
    assert daemon.end() == 0


def test_a_reload_that_the_daemon_refuses_says_every_reason(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    daemon.write(extra="quiescent=maybe\ncheckinterval=never\n")
    reply = asked(daemon, "/v1/commands", {"command": "reload"})
    assert reply["in_force"] is False
    assert [sentence.split(": ")[0] for sentence in reply["problems"]] == [f"{daemon.config}:{n}" for n in (5, 6)]
    assert asked(daemon, "/v1/status")["refused"] == reply["problems"]
    done = run(daemon, "reload")
    assert (done.returncode, done.stderr.splitlines()) == (2, reply["problems"])
    daemon.write(weights={"one": 3})
    assert run(daemon, "reload").returncode == 0
    assert asked(daemon, "/v1/status")["refused"] == []
    assert daemon.end() == 0


def test_a_reload_moves_the_metrics_and_says_where_it_cannot(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    counted = {name: value for name, value in daemon.metrics().items() if "checks_total" in name}
    first, text = daemon.port, daemon.config.read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        daemon.config.write_text(text.replace(f"metricslisten={first}", f"metricslisten={port}"))
        done = run(daemon, "reload")
    sentence = f"metricslisten: cannot listen on 127.0.0.1:{port} for metrics: Address already in use; choose another"
    stays = f"127.0.0.1:{first} stays; the next reload tries again"
    assert (done.returncode, done.stderr) == (0, f"{sentence} address or port, or free this one ({stays})\n")
    assert daemon.weights() == ALL

    done = run(daemon, "reload")
    assert (done.returncode, done.stderr) == (0, "")
    assert daemon.metrics() == {}
    daemon.port = port
    assert all(daemon.metrics()[name] >= value for name, value in counted.items())
    assert daemon.weights() == ALL

    daemon.config.write_text(text.replace(f"metricslisten={first}\n", ""))
    assert run(daemon, "reload").returncode == 0
    assert daemon.metrics() == {}
    assert daemon.end() == 0


def test_a_reload_says_what_only_a_start_can_do(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    daemon.write(extra="supervised=yes\n")
    assert run(daemon, "reload").stderr == "supervised has changed: that takes effect at the next start\n"
    daemon.logged("reloaded", 1)
    assert daemon.end() == 0
    assert daemon.logged("stopped")


def test_a_daemon_that_stands_still_does_not_hang_who_asks(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    daemon.tell(signal.SIGSTOP)
    try:
        assert run(daemon, "status").returncode == 0
    finally:
        daemon.tell(signal.SIGCONT)
    assert daemon.end() == 0


def test_a_daemon_that_was_killed_leaves_a_socket_that_its_successor_replaces(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    daemon.end(signal.SIGKILL)
    assert Path(daemon.home, f"ldirectord.{daemon.name}.sock").exists()
    assert run(daemon, "reload").returncode == 1
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    assert daemon.process is not None
    assert asked(daemon, "/v1/status")["pid"] == daemon.process.pid
    assert daemon.end() == 0


def test_phases_of_checks_are_counted_from_a_reload_on_that_wants_them(daemon: Daemon) -> None:
    def phases() -> set[str]:
        name = "ldirectord_check_phase_duration_seconds_count"
        found = [label for label, count in daemon.metrics().items() if label.startswith(name) and count]
        return {label.split('phase="')[1].split('"')[0] for label in found}

    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    assert phases() == set()
    daemon.write(extra="metricsdetail=extra\n")
    assert run(daemon, "reload").returncode == 0
    daemon.until(lambda: phases() == {"connect", "processing", "transfer"})
    daemon.write()
    assert run(daemon, "reload").returncode == 0
    assert phases() == set()
    assert daemon.end() == 0


def test_what_a_reload_would_change_is_known_before(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    daemon.sites["two"].sick()
    daemon.until(lambda: daemon.weights() == {**ALL, "two": 0})
    plan = asked(daemon, "/v1/plan")
    assert (plan["problems"], plan["changes"], plan["untouched"]) == ([], [], [])
    assert [each["real"] for each in plan["believed"]] == [daemon.addresses["two"]]
    daemon.write(weights={"one": 9, "two": 5, "three": 1})
    changes = asked(daemon, "/v1/plan")["changes"]
    assert [(each["real"], each["before"]["weight"], each["after"]["weight"]) for each in changes] == [
        (daemon.addresses["one"], 3, 9)
    ]
    daemon.write(extra="quiescent=maybe\n")
    assert asked(daemon, "/v1/plan")["problems"][0].startswith(f"{daemon.config}:5: quiescent")
    assert daemon.weights() == {**ALL, "two": 0}
    assert asked(daemon, "/v1/status")["refused"] == []
    assert daemon.end() == 0
