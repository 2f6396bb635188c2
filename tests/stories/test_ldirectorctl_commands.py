"""Commands by `ldirectorctl`, and what it tells of them: real processes, a table in memory."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE
from tests.peers.terminal import answering_on
from tests.stories.daemon import Daemon
from tests.stories.test_ldirectorctl import ALL, WEB, ctl, environment_of


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    """Return a daemon whose three servers are up."""
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    return daemon


def done(daemon: Daemon, *words: str, status: int = 0) -> str:
    """Return what a command prints, which has to end so."""
    ended = ctl(daemon.home, *words)
    assert ended.returncode == status, ended
    return ended.stdout if not status else ended.stderr


def test_a_server_is_drained_with_a_reason_and_enabled_again(running: Daemon) -> None:
    one = running.addresses["one"]
    told = done(running, "drain", one, "--reason", "disk \x1b[31mswap", "--for", "1h")
    by = r"drained by \S+ \(pid \d+\), until [\d: -]+"
    assert re.fullmatch(rf"{one}@{WEB}  {by}: \"disk \\x1b\[31mswap\"; no connections\n", told)
    running.until(lambda: running.weights() == {**ALL, "one": 0})
    shown = ctl(running.home, "status", one)
    assert shown.returncode == 2
    assert " draining  3 → 0 " in shown.stdout
    why = ctl(running.home, "why", one)
    assert why.returncode == 2
    assert "  config    " in why.stdout
    assert "  operator  " in why.stdout
    assert f"'ldirectorctl enable {one}@{WEB}' takes it back" in why.stdout
    told = done(running, "enable", one)
    assert "enabled: its checks decide (before: drained by " in told
    running.until(lambda: running.weights() == ALL)
    assert ctl(running.home, "why", one).returncode == 0


def test_a_weight_holds_until_it_is_enabled(running: Daemon) -> None:
    two = running.addresses["two"]
    assert "weight 7, set by " in done(running, "weight", two, "7", "--until", "23:59")
    running.until(lambda: running.weights() == {**ALL, "two": 7})
    assert "from 0 to 65,535, but got '70000'" in done(running, "weight", two, "70000", status=1)
    answer = json.loads(done(running, "enable", WEB, "--json"))
    assert [real["after"] for real in answer["reals"]] == [None] * 3
    running.until(lambda: running.weights() == ALL)


def test_a_name_of_several_servers_is_refused_with_all_that_it_may_mean(daemon: Daemon) -> None:
    one, other = daemon.addresses["one"], "tcp:192.0.2.2:80"
    daemon.write(section=f"virtual=192.0.2.2:80\n\treal={one} masq\n\tservice=http\n\tscheduler=rr\n")
    daemon.start()
    daemon.logged("first_pass_completed", 1)
    sentence = f"ldirectorctl: {one} may mean any of 2: {one}@{WEB}, {one}@{other}\n"
    assert done(daemon, "drain", one, status=1) == sentence
    near = done(daemon, "drain", f"{one}@tcp:192.0.2.3:80", status=1)
    assert near.endswith(f" is called {one}@tcp:192.0.2.3:80; names like it: {one}@{WEB}, {one}@{other}\n")


def test_of_two_commands_the_later_one_holds_and_names_the_other(running: Daemon) -> None:
    one = running.addresses["one"]
    done(running, "drain", one, "--reason", "new disk")
    told = done(running, "weight", one, "9")
    assert re.search(r'weight 9, set by .*; in place of: drained by \S+ \(pid \d+\): "new disk"\n', told)
    running.until(lambda: running.weights() == {**ALL, "one": 9})
    assert "; in place of: weight 9, set by " in done(running, "maintain", one)
    running.until(lambda: running.weights() == {**ALL, "one": 0})
    (line,) = running.logged("admin_changed", 3)[-1:]
    assert "; before it was given weight 9 by " in str(line["message"])


def test_the_last_server_is_taken_out_by_force_only(running: Daemon) -> None:
    sentence = done(running, "maintain", WEB, status=1)
    assert sentence.startswith(f"ldirectorctl: nobody would serve {WEB} any more")
    assert sentence.endswith("; if that is meant, force it with --force\n")
    assert running.weights() == ALL
    done(running, "maintain", WEB, "--force", "--reason", "moving")
    running.until(lambda: not any(running.weights().values()))
    shown = ctl(running.home, "status", WEB)
    assert shown.returncode == 2
    assert "0 up, 3 maintenance: the fallback 127.0.0.1:9 serves" in shown.stdout


@pytest.mark.parametrize(("says", "carried_out"), [("n\n", False), ("\n", False), ("y\n", True)])
def test_at_a_terminal_one_is_asked_before_nobody_is_left(running: Daemon, says: str, carried_out: bool) -> None:
    command = [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", "drain", WEB]
    shown, status = answering_on(80, command, environment_of(running.home), says)
    assert f"nobody would serve {WEB} any more" in shown
    assert "Go on? [y/N] " in shown
    assert (status == 0) is carried_out
    expected = dict.fromkeys(ALL, 0) if carried_out else ALL
    running.until(lambda: running.weights() == expected)
    done(running, "enable", WEB)


def test_a_drain_is_waited_for(running: Daemon) -> None:
    lines = done(running, "drain", running.addresses["one"], "--wait", "--timeout", "30", "--json").splitlines()
    first, *counts = map(json.loads, lines)
    assert first["command"] == "drain"
    assert [each["connections"] for each in counts] == [{"active": 0, "inactive": 0}]


def test_a_time_limit_is_one_of_waiting(running: Daemon) -> None:
    sentence = "ldirectorctl: --timeout says how long --wait may take: give both, or neither\n"
    assert done(running, "drain", running.addresses["one"], "--timeout", "5m", status=1) == sentence
    assert running.weights() == ALL


def test_what_drains_do_not_end_is_told(daemon: Daemon) -> None:
    daemon.write(section="\tpersistent=360\n")
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    told = ctl(daemon.home, "drain", daemon.addresses["one"], "--hard")
    assert told.returncode == 0
    assert "expire_quiescent_template" in told.stderr


def test_history_tells_what_checks_found(running: Daemon) -> None:
    two = running.addresses["two"]
    running.sites["two"].sick()
    running.until(lambda: running.weights() == {**ALL, "two": 0})
    name, *lines = done(running, "history", two).splitlines()
    assert name == f"{two}@{WEB}"
    assert any(re.search(r"  up +\d", line) for line in lines)
    assert any(re.search(rf"  down +\d.*GET http://{two}/alive.html: ", line) for line in lines)
    assert any(re.search(r"  event .* is down ", line) for line in lines)


def test_events_are_told_since_a_time_and_of_a_server(running: Daemon) -> None:
    two = running.addresses["two"]
    running.sites["two"].sick()
    running.logged("real_down", 1)
    assert f"Real server {two} ({WEB}) is down" in done(running, "events", "--since", "1h", "--real", two)
    assert running.addresses["one"] not in done(running, "events", "--real", two)
    assert len(done(running, "events", "-n", "2").splitlines()) == 2
    assert json.loads(done(running, "events", "--json"))["events"][-1]["sentence"]
    assert done(running, "events", "--since", "noon", status=1).startswith("ldirectorctl: argument --since: expected")


@contextmanager
def following(home: Path) -> Iterator[Callable[[str], None]]:
    """Follow the events of the daemon in *home*; yields what waits for a line with some text."""
    command = [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", "events", "-f", "--json"]
    with subprocess.Popen(command, env=environment_of(home), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout)

        def until(text: str) -> None:
            assert any(text in json.loads(line)["sentence"] for line in lines)

        try:
            yield until
        finally:
            process.kill()


def test_events_are_followed_over_a_restart_of_the_daemon(running: Daemon) -> None:
    with following(running.home) as until:
        until("is up")
        running.sites["two"].sick()
        until(f"{running.addresses['two']} ({WEB}) is down")
        assert running.end() == 0
        running.start()
        until("Every real server has been checked once")
        running.sites["two"].alive()
        until(f"{running.addresses['two']} ({WEB}) is up")


@pytest.mark.parametrize("words", [("events", "-f"), ("status", "--watch")])
def test_what_goes_on_until_it_is_interrupted_ends_with_its_reader(running: Daemon, words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", *words]
    with subprocess.Popen(command, env=environment_of(running.home), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()  # as `head -1` does
        running.sites["two"].sick()
        assert process.wait(PATIENCE) == 0
