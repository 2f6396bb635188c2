"""Operators' commands on the kernel's table, with clients that are served meanwhile."""

import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.lab.support.ctl import Machine
from tests.lab.support.director import ROOT, Director
from tests.lab.support.scene import VIP, Real, Scene
from tests.lab.support.waiting import wait_until

WHERE = f"{VIP}:80"
CONFIG = """\
checkinterval=1
reconcileinterval=1
quiescent={quiescent}
{more}
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate 2
	real=10.9.0.12:80 gate 1
	service=http
	request="alive.html"
	receive="I'm alive!"
	scheduler=wrr
"""


def start(scene: Scene, pair: tuple[Real, Real], *, quiescent: str = "yes", more: str = "") -> None:
    scene.director.start(CONFIG.format(quiescent=quiescent, more=more))
    scene.director.wait_for_weights({pair[0].at: 2, pair[1].at: 1})


def ctl(director: Director, *words: str, status: int = 0) -> str:
    """Run `ldirectorctl` beside the daemon; return what it prints."""
    return Machine(director.host, director.folder / "run").ctl(*words, status=status)


@pytest.mark.parametrize("quiescent", ["yes", "no"])
def test_a_drained_server_keeps_its_connections_and_gets_no_new_ones(
    scene: Scene, pair: tuple[Real, Real], quiescent: str
) -> None:
    (one, two), director = pair, scene.director
    start(scene, pair, quiescent=quiescent)
    held = [scene.client.hold(WHERE) for _ in range(3)]
    on_one = [connection for connection in held if connection.ask() == "one"]
    assert on_one
    said = ctl(director, "drain", one.at, "--reason", "a new release")
    assert one.at in said
    assert director.weights() == {one.at: 0, two.at: 1}
    assert scene.client.tally(WHERE, 6) == Counter(two=6)
    assert [connection.ask() for connection in on_one] == ["one"] * len(on_one)

    ctl(director, "drain", one.at, "--wait", "--timeout", "1", status=124)
    for connection in held:
        connection.close()
    ctl(director, "drain", one.at, "--wait", "--timeout", "60")

    one.site.sick()
    two.site.sick()
    director.wait_for_weights({one.at: 0, two.at: 0} if quiescent == "yes" else {one.at: 0})
    for real in pair:
        real.site.alive()
    director.wait_for_weights({one.at: 0, two.at: 1})
    ctl(director, "enable", one.at)
    director.wait_for_weights({one.at: 2, two.at: 1})


def test_the_status_shows_how_many_connections_come_a_second(scene: Scene, pair: tuple[Real, Real]) -> None:
    start(scene, pair)

    def rates() -> Mapping[str, float]:
        (virtual,) = json.loads(ctl(scene.director, "status", "--json"))["virtuals"]
        return virtual["rates"]

    assert rates() == {"connections": 0, "bytes_in": 0, "bytes_out": 0}
    assert sum(scene.client.tally(WHERE, 100).values()) == 100
    wait_until(lambda: rates()["connections"], telling=rates)
    found = rates()
    assert found["bytes_in"] > 0
    assert found["bytes_out"] == 0  # direct routing: answers do not come by the director


def test_the_last_server_is_drained_by_force_only(scene: Scene, pair: tuple[Real, Real]) -> None:
    (one, two), director = pair, scene.director
    start(scene, pair)
    said = ctl(director, "drain", WHERE, status=1)
    assert f"nobody would serve tcp:{WHERE} any more" in said
    assert director.weights() == {one.at: 2, two.at: 1}
    ctl(director, "drain", WHERE, "--force")
    assert director.weights() == {one.at: 0, two.at: 0}


def test_commands_survive_a_crash_and_a_restart(scene: Scene, pair: tuple[Real, Real]) -> None:
    (one, two), director = pair, scene.director
    start(scene, pair)
    ctl(director, "drain", "10.9.0.11", "--reason", "disk")
    ctl(director, "weight", two.at, "7", "--for", "1h")
    state = Path(director.folder, "run", f"ldirectord.{director.file.name}.state")
    wait_until(lambda: '"disk"' in state.read_text() and '"weight": 7' in state.read_text())
    director.kill()
    for again in ("start", "restart"):
        with director.watching() as watch:
            director.act(again)
            wait_until(lambda: director.running)
            wait_until(lambda: "still drained" in director.log)
        assert set(watch.weights(one.at)) <= {0, None}
        assert set(watch.weights(two.at)) <= {7, None}
        assert director.weights() == {one.at: 0, two.at: 7}
    ctl(director, "enable", WHERE)
    director.wait_for_weights({one.at: 2, two.at: 1})


def test_a_weight_that_a_script_sets_holds_where_that_is_respected(scene: Scene, pair: tuple[Real, Real]) -> None:
    (one, two), director = pair, scene.director
    start(scene, pair, more="handset=respect")
    director.host.run(f"ipvsadm -e -t {WHERE} -r {one.at} -g -w 9")
    wait_until(lambda: "is given weight 9 by somebody else's hand" in director.log)
    assert "not as it was left" not in director.log
    one.site.sick()
    director.wait_for_weights({one.at: 0, two.at: 1})
    one.site.alive()
    director.wait_for_weights({one.at: 9, two.at: 1})
    ctl(director, "drain", one.at)
    director.host.run(f"ipvsadm -e -t {WHERE} -r {one.at} -g -w 5")  # against a command it is drift
    wait_until(lambda: "it had weight 5 instead of 0" in director.log)
    director.wait_for_weights({one.at: 0, two.at: 1})
    ctl(director, "enable", one.at)
    director.wait_for_weights({one.at: 2, two.at: 1})


def test_the_classic_job_sets_weights_by_load_and_they_hold(
    scene: Scene, pair: tuple[Real, Real], tmp_path: Path
) -> None:
    (one, two), director = pair, scene.director
    start(scene, pair, more="handset=respect")
    (job,) = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs/weights.md").read_text(), re.DOTALL | re.MULTILINE)
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\ntest $1 = {one.host.v4} && echo 4 || echo 0\n")
    ssh.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert director.run(["sh", "-c", job.replace("192.0.2.", "10.9.0.")], **environment) == (0, "")
    wait_until(lambda: director.log.count("by somebody else's hand") == 2)
    assert director.weights() == {one.at: 20, two.at: 100}
    assert "not as it was left" not in director.log
    assert "somebody else's hand" in ctl(director, "why", one.at)
