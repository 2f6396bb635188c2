"""`etc/weights/ldirectord-weights` and a daemon that runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.daemon import VIP, Daemon, daemon_in
from tests.stories.test_ldirectorctl import ctl

SCRIPT = Path(__file__).parents[2] / "etc/weights/ldirectord-weights"
CONFIGURED = {"one": 60, "two": 40, "three": 20}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with daemon_in(tmp_path_factory.mktemp("weights")) as daemon:
        daemon.write(weights=CONFIGURED)
        daemon.start()
        daemon.until(lambda: daemon.weights() == CONFIGURED)
        yield daemon


def run(daemon: Daemon, load: str, *words: str, status: int = 0) -> str:
    """Run it with *load* for what the servers say; return what it prints."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--load", load, *words],
        env=os.environ | {"LDIRECTORD_RUN_DIR": str(daemon.home), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done
    return done.stderr if status else done.stdout


def test_weights_follow_the_load_and_end_with_it(running: Daemon) -> None:
    run(running, "echo 4.0")
    running.until(lambda: running.weights() == {"one": 15, "two": 10, "three": 5})
    why = ctl(running.home, "why", running.addresses["one"]).stdout
    assert "was given weight 15 by " in why
    assert "load 4 on 1 processor (since " in why
    assert ", until " in why

    run(running, "echo 4.0")  # is in force for long enough
    assert len(running.logged("admin_changed", 3)) == 3
    run(running, "printf '4.0 3.9 3.8\\n2\\n'", f"tcp:{VIP}", "--least", "15")
    running.until(lambda: running.weights() == {"one": 30, "two": 20, "three": 15})
    run(running, "printf '1.9\\n2\\n'")
    running.until(lambda: running.weights() == CONFIGURED)
    assert '"admin": null' in ctl(running.home, "status", running.addresses["one"], "--json").stdout


def test_a_server_that_an_operator_spoke_of_is_left_alone(running: Daemon) -> None:
    ctl(running.home, "drain", running.addresses["one"], "--reason", "new disk")
    ctl(running.home, "weight", running.addresses["two"], "7")
    shown = run(running, "echo 2", "--dry-run")
    name = f"{running.addresses['three']}@tcp:{VIP}"
    assert shown == f"ldirectorctl weight {name} 10 --for 300s --reason 'load 2 on 1 processor'\n"
    run(running, "echo 2", "--for", "1h")
    running.until(lambda: running.weights() == {"one": 0, "two": 7, "three": 10})
    ctl(running.home, "enable", f"tcp:{VIP}")
    running.until(lambda: running.weights() == CONFIGURED)


@pytest.mark.parametrize(
    ("load", "told"),
    [
        ("echo none", "the load of 127.0.0.1: expected a number, such as that of /proc/loadavg"),
        ("true", "the load of 127.0.0.1: expected a number, such as that of /proc/loadavg"),
        ("sh -c 'echo no route >&2; exit 255'", "the load of 127.0.0.1: sh ended with 255: no route"),
        ("nowhere/at-all", "the load of 127.0.0.1: nowhere/at-all: No such file or directory"),
    ],
)
def test_what_cannot_be_found_out_is_told_and_changes_nothing(running: Daemon, load: str, told: str) -> None:
    assert run(running, load, status=1) == f"ldirectord-weights: {told}\n"
    assert running.weights() == CONFIGURED


def test_a_virtual_service_or_a_daemon_that_is_not_there_is_told(running: Daemon, tmp_path: Path) -> None:
    failed = "ldirectord-weights: ldirectorctl ended with 1: ldirectorctl: "
    assert run(running, "echo 2", "tcp:x", status=1).startswith(f"{failed}no real server, host or virtual service")
    assert run(Daemon(tmp_path, {}, {}, 0), "echo 2", status=1).startswith(failed)
