"""`ldirectorctl` and a daemon that runs: real processes, a table in memory."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE
from tests.peers.terminal import shown_on
from tests.stories.daemon import VIP, Daemon, daemon_in

ALL = {"one": 3, "two": 2, "three": 1}
WEB = f"tcp:{VIP}"


def environment_of(home: Path) -> dict[str, str]:
    return os.environ | {"LDIRECTORD_RUN_DIR": str(home)}


def ctl(home: Path, *words: str, python: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *python, "-m", "ldirectord_py.cli.ldirectorctl", *words],
        env=environment_of(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def with_two_out(home: Path) -> Iterator[Daemon]:
    """Run a daemon whose servers are up but for the one called two."""
    with daemon_in(home) as daemon:
        daemon.sites["two"].sick()
        daemon.write(section="\tpersistent=360\n")
        daemon.start()
        daemon.until(lambda: daemon.weights() == {**ALL, "two": 0})
        yield daemon


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a daemon that tests look at and leave as it is."""
    with with_two_out(tmp_path_factory.mktemp("running")) as daemon:
        yield daemon


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Daemon]:
    """Return a daemon that the test may change."""
    with with_two_out(tmp_path) as daemon:
        yield daemon


def test_status_has_a_line_for_the_daemon_one_for_each_virtual_service_and_one_for_what_is_out(
    running: Daemon,
) -> None:
    done = ctl(running.home, "status")
    assert (done.returncode, done.stderr) == (0, "")
    head, _, titles, virtual, _, out = done.stdout.splitlines()
    assert running.process is not None
    assert head.startswith(f"story.cf  pid {running.process.pid}, running for ")
    assert head.endswith("; the table in memory agrees")
    assert titles.split() == ["VIRTUAL", "SCHEDULER", "SERVERS", "ACTIVE", "INACTIVE", "NEW/S"]
    assert virtual.startswith(f"{WEB}  wlc        2 up, 1 down")
    two = running.addresses["two"]
    assert out.startswith(f"  {two}@{WEB}  down for ")
    assert f": GET http://{two}/alive.html: " in out
    assert out.endswith("; 1 more success brings it back")


def test_status_of_what_is_named_ends_in_2_if_that_is_out(running: Daemon) -> None:
    up, out = (ctl(running.home, "status", running.addresses[name]) for name in ("one", "two"))
    assert (up.returncode, out.returncode) == (0, 2)
    assert f"  {running.addresses['one']}@{WEB}  up " in up.stdout
    assert f"  {running.addresses['two']}@{WEB}  down    2 → 0 " in out.stdout
    for name in (WEB, VIP):
        done = ctl(running.home, "status", name)
        assert done.returncode == 0
        assert [line.split()[0] for line in done.stdout.splitlines()[-3:]] == list(running.addresses.values())
    assert ctl(running.home, "status", "--down").returncode == 2


def test_json_is_what_the_api_says(running: Daemon) -> None:
    told = json.loads(ctl(running.home, "status", "--json").stdout)
    assert told["status"]["config"] == str(running.config)
    (virtual,) = told["virtuals"]
    assert (virtual["name"], virtual["persistent"]) == (WEB, 360)
    (server,) = json.loads(ctl(running.home, "status", running.addresses["two"], "--json").stdout)["reals"]
    assert (server["name"], server["status"]) == (f"{running.addresses['two']}@{WEB}", "down")


def test_an_unknown_name_is_one_sentence(running: Daemon) -> None:
    done = ctl(running.home, "status", "198.51.100.9")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ldirectorctl: ")
    assert "198.51.100.9" in done.stderr


def test_reload_says_what_has_changed_or_every_problem(own: Daemon) -> None:
    own.write(weights={"one": 3, "two": 2}, section="\tpersistent=360\n")
    done = ctl(own.home, "reload")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("The configuration is in force: ")
    own.write(extra="quiescent=maybe\ncheckinterval=never\n")
    done = ctl(own.home, "reload")
    assert done.returncode == 2
    first, second, last = done.stderr.splitlines()
    assert first.startswith(f"{own.config}:5: ")
    assert second.startswith(f"{own.config}:6: ")
    assert last == "the daemon refuses this configuration and goes on with the one it has"
    head = ctl(own.home, "status").stdout
    assert first in head
    assert json.loads(ctl(own.home, "reload", "--json").stdout)["in_force"] is False


@pytest.mark.parametrize("words", [["status"], ["why", "one"], ["events"], ["drain", "one"], ["reload"], ["top"]])
def test_without_a_daemon_there_is_one_line_with_what_to_do(words: list[str], tmp_path: Path) -> None:
    done = ctl(tmp_path, *words)
    assert (done.returncode, done.stdout) == (1, "")
    start = "systemctl start ldirectord, or ldirectord CONFIG start"
    none = "no ldirectord that can be asked runs here (with -d none can)"
    assert done.stderr == f"ldirectorctl: {none}; start one: {start}\n"


def test_a_pipe_is_served_without_what_only_a_terminal_needs(running: Daemon) -> None:
    done = ctl(running.home, "status", python=("-X", "importtime"))
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "ldirectord_py.cli.ctl.reports.status" in loaded
    heavy = {"asyncio", "rich", "yaml", "structlog", "aiohttp", "textual", "ldirectord_py.model.config"}
    assert not loaded & heavy
    assert not {name for name in loaded if name.startswith("ldirectord_py.cli.ctl.comparing")}


@pytest.mark.parametrize(("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["colours", "NO_COLOR"])
def test_a_terminal_shows_a_table_that_keeps_to_its_width(
    setting: dict[str, str], coloured: bool, running: Daemon
) -> None:
    command = [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", "status"]
    text = shown_on(60, command, {"LDIRECTORD_RUN_DIR": str(running.home), **setting})
    plain = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert (plain != text) is coloured
    assert max(map(len, plain.splitlines())) <= 60
    assert "1 more success brings it back" in " ".join(plain.split())


def test_names_are_offered_to_those_who_complete_a_line(running: Daemon) -> None:
    assert ctl(running.home, "names", "t").stdout == f"{WEB}\n"
    assert ctl(running.home, "names", "--instances").stdout == "story.cf\n"
    gone = ctl(running.home / "elsewhere", "names")
    assert (gone.returncode, gone.stdout, gone.stderr) == (1, "", "")


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("textual", "top needs Textual: pip install 'ldirectord-py[top]'; 'ldirectorctl status --watch' does without"),
        ("nothing", "top needs a terminal; 'ldirectorctl status --watch' does without"),
    ],
)
def test_top_says_what_it_needs(running: Daemon, missing: str, sentence: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from ldirectord_py.cli.ldirectorctl import main"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; sys.exit(main(['top']))"],
        env=environment_of(running.home),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"ldirectorctl: {sentence}\n")


def test_a_watch_is_told_again_and_again(running: Daemon) -> None:
    command = [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", "status", "--watch"]
    with subprocess.Popen(command, env=environment_of(running.home), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        heads = (line for line in process.stdout if line.startswith("story.cf  pid "))
        assert next(heads)
        assert next(heads)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130


def test_the_plan_is_the_daemons_own_who_knows_its_table_and_who_is_down(own: Daemon) -> None:
    file, two = str(own.config), own.addresses["two"]
    quiet = ctl(own.home, "plan")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert quiet.stdout.splitlines() == [
        WEB,
        (
            f"    {two} does not pass: GET http://{two}/alive.html: the body does not match 'I'm alive!': "
            "got 'I'm afraid not'"
        ),
        f"{file}: the table is as it should be, nothing would change",
    ]
    own.write(weights={"one": 7, "two": 2, "three": 1}, section="\tpersistent=360\n")
    changed = ctl(own.home, "plan", file)
    assert changed.returncode == 2
    assert f"  ~ {own.addresses['one']}  weight 3 → 7" in changed.stdout.splitlines()
    told = json.loads(ctl(own.home, "plan", file, "--json").stdout)
    assert own.process is not None
    assert (told["daemon"], told["owned"], told["checks"]) == (
        own.process.pid,
        {"by": "daemon", "virtuals": [WEB]},
        None,
    )
    assert [each["real"] for each in told["changes"]] == [own.addresses["one"]]

    own.write(extra="quiescent=maybe\n")
    refused = ctl(own.home, "plan")
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"{file}:5: quiescent: must be yes or no")
    checked = ctl(own.home, "plan", "--check")
    assert checked.returncode == 1
    assert checked.stderr.startswith("ldirectorctl: the daemon keeps a table in memory: only it can read it, ")
