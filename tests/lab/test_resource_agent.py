"""Our resource agent when things have gone wrong, with the daemon on the kernel's table."""

import signal
import time
from pathlib import Path

import pytest

from tests.lab.support.agents import ARGS, GENERIC, NOT_RUNNING, OURS, SUCCESS, TIMEOUT, Agent
from tests.lab.support.director import Director
from tests.lab.support.scene import VIP, Scene

CONFIG = f"checkinterval=1\nvirtual={VIP}:80\n\treal=10.9.0.11:80 gate 3\n\tchecktype=on\n\tscheduler=rr\n"
BROKEN = f"{CONFIG}no such directive\n"
TABLE = {"10.9.0.11:80": 3}


@pytest.fixture
def director(scene: Scene) -> Director:
    scene.director.write(CONFIG)
    return scene.director


@pytest.fixture
def agent(director: Director) -> Agent:
    """Return the agent of a director that it has started."""
    agent = Agent(OURS, director)
    assert agent("start") == SUCCESS
    return agent


def test_it_tells_a_daemon_that_was_killed_from_one_that_runs(agent: Agent, director: Director) -> None:
    director.kill()
    assert (agent("monitor"), agent("stop")) == (NOT_RUNNING, SUCCESS)
    assert agent("start") == SUCCESS
    assert agent("monitor") == SUCCESS
    assert director.weights() == TABLE


def test_a_broken_file_fails_neither_the_monitor_nor_the_stop_of_it(agent: Agent, director: Director) -> None:
    director.write(BROKEN)
    assert (agent("monitor"), agent("reload"), agent("validate-all")) == (SUCCESS, GENERIC, ARGS)
    assert agent("stop") == SUCCESS
    assert not director.running
    assert not director.table().virtuals
    assert (agent("monitor"), agent("start")) == (NOT_RUNNING, ARGS)


def test_it_reloads(agent: Agent, director: Director) -> None:
    director.write(CONFIG.replace("gate 3", "gate 8"))
    assert agent("reload") == SUCCESS
    director.wait_for_weights({"10.9.0.11:80": 8})


@pytest.mark.parametrize("config", [CONFIG, BROKEN], ids=["a file that is right", "a broken file"])
def test_it_ends_a_daemon_that_does_not_listen(agent: Agent, director: Director, config: str) -> None:
    director.write(config)
    pid = director.send(signal.SIGSTOP)
    began = time.monotonic()
    assert agent("stop") == SUCCESS
    assert time.monotonic() - began < TIMEOUT
    assert not Path("/proc", str(pid)).exists()
