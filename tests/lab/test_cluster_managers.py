"""Heartbeat's resource script, and Pacemaker's agents, ours and the stock one: the daemon on the kernel's table."""

from pathlib import Path

import pytest

from tests.lab.support.agents import NOT_RUNNING, OURS, PROGRAM, STOCK, SUCCESS, Agent
from tests.lab.support.director import Director
from tests.lab.support.scene import VIP, Scene

CONFIG = f"checkinterval=1\nvirtual={VIP}:80\n\treal=10.9.0.11:80 gate 3\n\tchecktype=on\n\tscheduler=rr\n"
TABLE = {"10.9.0.11:80": 3}


@pytest.fixture
def director(scene: Scene) -> Director:
    scene.director.write(CONFIG)
    return scene.director


def test_the_agents_can_take_turns(director: Director) -> None:
    ours, stock = Agent(OURS, director), Agent(STOCK, director)
    assert stock("start") == SUCCESS
    assert director.weights() == TABLE
    assert (ours("monitor"), stock("monitor")) == (SUCCESS, SUCCESS)
    assert ours("stop") == SUCCESS
    assert (ours("monitor"), stock("monitor")) == (NOT_RUNNING, NOT_RUNNING)
    assert not director.table().virtuals
    assert ours("start") == SUCCESS
    assert stock("stop") == SUCCESS
    assert (ours("monitor"), stock("monitor")) == (NOT_RUNNING, NOT_RUNNING)


def test_heartbeat_calls_the_program_itself_by_a_link(director: Director) -> None:
    resource = director.folder / "etc/ha.d/resource.d/ldirectord"
    resource.parent.mkdir()
    resource.symlink_to(PROGRAM)
    director.folder.joinpath("etc/ha.d/ldirectord.cf").write_text(CONFIG)
    path = "/etc/ha.d/ldirectord.cf"

    def call(action: str) -> tuple[int, str]:
        return director.run(["/etc/ha.d/resource.d/ldirectord", "ldirectord.cf", action])

    assert call("status") == (3, f"ldirectord is stopped for {path}\n")
    assert call("start") == (0, "")
    assert director.weights() == TABLE
    pid = int(director.folder.joinpath("run/ldirectord.ldirectord.cf.pid").read_text())
    assert call("status") == (0, f"ldirectord for {path} is running with pid: {pid}\n")
    assert b"resource.d/ldirectord\0ldirectord.cf\0start\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    cleaned = "cleanstop=yes: this takes 1 of 1 virtual services out of the table, and ends their connections\n"
    assert call("stop") == (0, cleaned)
    assert call("status")[0] == 3
    assert not director.table().virtuals
