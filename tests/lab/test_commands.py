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

    said = ctl(director, "drain", one.at, "--wait", "--timeout", "1", status=124)
    assert re.search(rf"^{len(on_one)} connections? \({len(on_one)} active, \d+ inactive\)$", said, re.MULTILINE)
    assert f"connections are still open after 1 s; {one.at} stays drained" in said
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


def test_a_persistent_client_comes_back_until_the_setting_that_is_told_sends_it_elsewhere(
    scene: Scene, pair: tuple[Real, Real]
) -> None:
    director = scene.director
    director.start(CONFIG.format(quiescent="yes", more="") + "\tpersistent=300\n")
    director.wait_for_weights({pair[0].at: 2, pair[1].at: 1})
    (name,) = scene.client.tally(WHERE, 3)
    its_own = next(real for real in pair if real.site.name == name)

    said = ctl(director, "drain", its_own.at, "--wait", "--timeout", "10")
    assert f"tcp:{WHERE}: a persistent client comes back to its server, also while that is drained" in said
    assert scene.client.tally(WHERE, 3) == Counter({name: 3})

    told = re.search(r"sysctl -w \S+", ctl(director, "drain", its_own.at, "--hard"))
    assert told is not None
    director.host.run(told[0])
    assert name not in scene.client.tally(WHERE, 3)
    assert "persistent clients go elsewhere with their next connection" in ctl(director, "drain", its_own.at)


DATAGRAMS = """\
checkinterval=1
quiescent=no
virtual=10.9.0.100:80
	real=10.9.0.11:80 masq
	real=10.9.0.12:80 masq
	protocol=udp
	checktype=connect
	scheduler=rr
"""


def test_over_udp_a_client_that_goes_on_sending_stays_until_its_server_is_out_of_the_table(scene: Scene) -> None:
    director, one, two = scene.director, *(scene.real(name, "masq") for name in ("one", "two"))
    director.start(DATAGRAMS)
    director.wait_for_weights({one.at: 1, two.at: 1})
    with scene.client.one_port(WHERE) as ask:
        its_own = next(real for real in (one, two) if real.site.name == ask())
        said = ctl(director, "drain", its_own.at, "--hard", "--wait", "--timeout", "1", status=124)
        assert "over UDP no connection ends: a client stays with its server until it has been silent" in said
        assert f"connections are still open after 1 s; {its_own.at} stays drained" in said
        assert [ask() for _ in range(3)] == [its_own.site.name] * 3
        assert its_own.site.name not in scene.client.tally_datagrams(WHERE, 3)

        assert "net.ipv4.vs.expire_nodest_conn = 1" in said
        director.host.run("sysctl -w net.ipv4.vs.expire_nodest_conn=1")
        ctl(director, "maintain", its_own.at)
        wait_until(lambda: its_own.at not in director.weights())
        other = next(real for real in (one, two) if real is not its_own)
        wait_until(lambda: ask() == other.site.name)


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
            director.wait_for_log("still drained")
        assert set(watch.weights(one.at)) <= {0, None}
        assert set(watch.weights(two.at)) <= {7, None}
        assert director.weights() == {one.at: 0, two.at: 7}
    ctl(director, "enable", WHERE)
    director.wait_for_weights({one.at: 2, two.at: 1})


def test_a_weight_that_a_script_sets_holds_where_that_is_respected(scene: Scene, pair: tuple[Real, Real]) -> None:
    (one, two), director = pair, scene.director
    start(scene, pair, more="handset=respect")
    director.host.run(f"ipvsadm -e -t {WHERE} -r {one.at} -g -w 9")
    director.wait_for_log("is given weight 9 by somebody else's hand")
    assert "not as it was left" not in director.log
    one.site.sick()
    director.wait_for_weights({one.at: 0, two.at: 1})
    one.site.alive()
    director.wait_for_weights({one.at: 9, two.at: 1})
    ctl(director, "drain", one.at)
    director.host.run(f"ipvsadm -e -t {WHERE} -r {one.at} -g -w 5")  # against a command it is drift
    director.wait_for_log("it had weight 5 instead of 0")
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
