"""`ldirectorctl plan` against the kernel's table."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.support.classic import VIRTUAL, Classic
from tests.lab.support.ctl import run_ctl
from tests.lab.support.director import OURS
from tests.lab.support.scene import Scene
from tests.lab.support.waiting import wait_until


@pytest.fixture
def classic(scene: Scene) -> Classic:
    return Classic(scene)


def plan(classic: Classic, config: str, *options: str) -> tuple[int, str]:
    """Return exit status and output of the plan for *config* on the director's host; the table must stay as it is."""
    director = classic.scene.director
    director.write(config)
    before = director.table().lines()
    status, printed, complained = run_ctl(director.host, director.folder / "run", "plan", str(director.file), *options)
    assert complained == ""
    assert director.table().lines() == before
    return status, printed


def test_an_empty_table_shows_what_comes_at_once_and_what_later(classic: Classic) -> None:
    status, text = plan(classic, classic.config())
    one, two, itself, sorry = classic.one.at, classic.two.at, classic.itself.at, classic.sorry.at
    width = len(max(one, itself, key=len))
    assert text.splitlines() == [
        f"tcp:{VIRTUAL}",
        "  + virtual service: scheduler wlc",
        f"  + {one:<{width}}  gate, weight 0",
        f"  + {two:<{width}}  gate, weight 0",
        f"  + {itself:<{width}}  gate, weight 0",
        f"  + {sorry:<{width}}  gate, weight 1  (fallback)",
        "  once their checks succeed:",
        f"    ~ {one:<{width}}  weight 0 → 3",
        f"    ~ {two:<{width}}  weight 0 → 2",
        f"    ~ {itself:<{width}}  weight 0 → 1",
        f"    - {sorry:<{width}}  (fallback)",
        f"{classic.scene.director.file}: 5 changes at once, 4 after the checks",
    ]
    assert status == 2


def test_the_table_of_a_daemon_at_work_is_as_its_own_file_says(classic: Classic) -> None:
    director = classic.scene.director
    director.start(classic.config())
    director.wait_for_weights(classic.weights(3, 2, 1))
    director.host.run("ipvsadm -A -t 10.9.0.100:25 -s rr")

    status, text = plan(classic, classic.config())

    assert text.splitlines() == [
        f"{director.file}: the table is as it should be, nothing would change",
        "Not in the file, and not touched: 1 service (tcp:10.9.0.100:25)",
    ]
    assert status == 0


MAIL = "10.9.0.100:25"
OTHER = "10.9.0.100:110"


def two_services(classic: Classic) -> str:
    return f"{classic.config()}virtual={MAIL}\n\treal={classic.one.at} masq\n\tchecktype=on\n"


@pytest.mark.parametrize("asked", ["the daemon", "its state file", "nobody"])
def test_a_service_taken_out_of_the_file_is_shown_as_removed_with_its_connections(classic: Classic, asked: str) -> None:
    director = classic.scene.director
    director.start(classic.config())
    director.wait_for_weights(classic.weights(3, 2, 1))
    director.write(two_services(classic))
    director.act("reload")
    run = director.folder / "run"
    wait_until(lambda: MAIL in (run / "ldirectord.lab.cf.state").read_text())
    if asked != "nobody":
        director.host.run(f"ipvsadm -A -t {OTHER} -s rr")
    if asked != "the daemon":
        (run / "ldirectord.lab.cf.sock").unlink()
    if asked == "nobody":
        (run / "ldirectord.lab.cf.state").unlink()

    status, text = plan(classic, classic.config())
    _, told = plan(classic, classic.config(), "--json")

    *lines, last = text.splitlines()
    if asked == "nobody":
        assert lines == [f"{director.file}: the table is as it should be, nothing would change"]
        assert last == (
            f"Not in the file: 1 service (tcp:{MAIL}); whether a reload removes them is not known:"
            f" the daemon, pid {director.pid}, does not answer and there is no state file"
        )
        return
    assert lines == [
        f"tcp:{MAIL}",
        "  - virtual service: removed with its 1 server and 0 connections",
        f"{director.file}: 1 change at once, 0 after the checks",
    ]
    assert last == f"Not in the file, and not touched: 1 service (tcp:{OTHER})"
    assert status == 2
    (change,) = json.loads(told)["changes"]
    assert (change["action"], change["virtual"], change["connections"]) == ("remove_service", f"tcp:{MAIL}", 0)


def test_without_a_daemon_nothing_is_removed_and_the_plan_says_so(classic: Classic) -> None:
    director = classic.scene.director
    director.host.run(f"ipvsadm -A -t {OTHER} -s rr")
    _, text = plan(classic, classic.config())
    assert text.splitlines()[-1] == (
        f"Not in the file, and not touched by a start: 1 service (tcp:{OTHER}); no daemon runs here that could remove"
        " them"
    )


def test_a_changed_file_shows_its_changes_and_checks_say_who_would_not_come_in(classic: Classic) -> None:
    director = classic.scene.director
    director.start(classic.config())
    director.wait_for_weights(classic.weights(3, 2, 1))
    classic.scene.director.host.run(f"ipvsadm -d -t {VIRTUAL} -r {classic.two.at}")
    director.kill()
    classic.two.site.sick()
    changed = classic.config({classic.one: 5, classic.two: 2}, quiescent=False)

    status, text = plan(classic, changed, "--check", "--json")

    told: dict[str, Any] = json.loads(text)
    assert status == 2
    assert [(c["when"], c["action"], c["real"], (c["after"] or {}).get("weight")) for c in told["changes"]] == [
        ("now", "set_destination", classic.one.at, 5),
        ("now", "remove_destination", classic.itself.at, None),
    ]
    assert told["changes"][0]["before"]["weight"] == 3
    assert {check["real"]: check["verdict"] for check in told["checks"]} == {
        classic.one.at: "up",
        classic.two.at: "down",
    }
    assert told["checks"][1]["asked"] == f"GET http://{classic.two.at}/alive.html"
    status, text = plan(classic, changed, "--check")
    (line,) = [line for line in text.splitlines() if "does not pass" in line]
    answer = "the body does not match 'I'm alive!': got 'I'm afraid not'"
    assert line == f"    {classic.two.at} does not pass: GET http://{classic.two.at}/alive.html: {answer}"


def test_what_the_daemon_has_found_down_is_not_expected_to_come_in(classic: Classic) -> None:
    director = classic.scene.director
    classic.two.site.sick()
    director.start(classic.config())
    director.wait_for_weights(classic.weights(3, 0, 1))
    answer = "the body does not match 'I'm alive!': got 'I'm afraid not'"
    out = f"    {classic.two.at} does not pass: GET http://{classic.two.at}/alive.html: {answer}"

    status, text = plan(classic, classic.config({classic.one: 5, classic.two: 2, classic.itself: 1}))

    assert status == 2
    assert [line for line in text.splitlines() if classic.two.at in line] == [out]
    assert text.splitlines()[-1] == f"{director.file}: 1 change at once, 0 after the checks"
    _, told = plan(classic, classic.config(), "--json")
    (believed,) = json.loads(told)["believed"]
    assert (believed["real"], believed["verdict"]) == (classic.two.at, "down")


def test_who_is_in_maintenance_is_told_with_the_file_that_says_so(classic: Classic) -> None:
    directory = classic.scene.folder / "maintenance"
    directory.mkdir()
    (directory / classic.two.at).touch()
    config = f"maintenancedir={directory}\n{classic.config()}"
    director = classic.scene.director
    director.start(config)
    director.wait_for_weights(classic.weights(3, 0, 1))

    status, text = plan(classic, config, "--check")

    assert text.splitlines() == [
        f"tcp:{VIRTUAL}",
        f"    {classic.two.at} is in maintenance: there is a file '{classic.two.at}'",
        f"{director.file}: the table is as it should be, nothing would change",
    ]
    assert status == 0


def test_without_the_right_to_read_the_table_it_says_so(classic: Classic) -> None:
    director = classic.scene.director
    director.write(classic.config())
    command = [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", "plan", str(director.file)]
    done = director.host.run(
        f"env PYTHONPATH={Path(OURS.environment['PYTHONPATH'])} setpriv --bounding-set=-all --inh-caps=-all "
        f"--reuid=65534 --clear-groups {shlex.join(command)}",
        check=False,
    )
    assert done.startswith("ldirectorctl: ")
    assert "CAP_NET_ADMIN" in done or "root" in done
