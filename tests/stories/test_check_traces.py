"""`ldirectorctl check` and a daemon that runs: real processes, real servers, a table in memory."""

import json

from tests.stories.daemon import Daemon
from tests.stories.test_ldirectorctl import ALL, WEB, ctl, running  # noqa: F401  # a fixture


def test_the_daemon_shows_each_step_of_a_check_and_makes_nothing_of_it(running: Daemon) -> None:  # noqa: F811
    up, out = (ctl(running.home, "check", running.addresses[name]) for name in ("one", "two"))

    assert (up.returncode, up.stderr) == (0, "")
    name, asked, connecting, connected, said, *rest = up.stdout.splitlines()
    assert name == f"{running.addresses['one']}@{WEB}"
    assert asked.endswith(f"GET http://{running.addresses['one']}/alive.html")
    assert connecting.endswith(f"to {running.addresses['one']} over tcp")
    assert "connected, from 127.0.0." in connected
    assert said.endswith(r"→  GET /alive.html HTTP/1.1\r\n")
    assert any("←  HTTP/1." in line for line in rest)
    assert rest[-1].startswith("  up after ")
    assert out.returncode == 2
    assert out.stdout.splitlines()[-1].startswith("  down after ")
    assert running.weights() == {**ALL, "two": 0}
    assert len(running.so_far("real_down")) <= 1


def test_a_virtual_means_all_of_its_servers(running: Daemon) -> None:  # noqa: F811
    done = ctl(running.home, "check", WEB, "--json")
    assert done.returncode == 2
    found = {real["name"]: real["verdict"] for real in json.loads(done.stdout)["reals"]}
    expected = {"one": "up", "two": "down", "three": "up"}
    assert found == {f"{running.addresses[name]}@{WEB}": verdict for name, verdict in expected.items()}


def test_a_name_that_nobody_bears_is_one_sentence(running: Daemon) -> None:  # noqa: F811
    done = ctl(running.home, "check", "198.51.100.9")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "ldirectorctl: no real server, host or virtual service is called 198.51.100.9\n"
