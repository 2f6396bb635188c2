"""SIGTERM while the daemon starts or reloads: there is one way out, and `cleanstop` is honoured."""

import signal

import pytest

from tests.lab.support.director import OURS, Director, Started
from tests.lab.support.scene import Scene
from tests.lab.support.waiting import wait_until

REALS = 400


@pytest.fixture
def director(scene: Scene) -> Director:
    return scene.director


def configuration(weight: int, cleanstop: str = "yes") -> str:
    """Return four virtual services with many servers each, all of them in at once."""
    text = f"checkinterval=5\nquiescent=yes\ncleanstop={cleanstop}\n"
    for number in range(1, 5):
        reals = "".join(f"\treal=10.{100 + number}.{i // 250}.{i % 250 + 1}:80 masq {weight}\n" for i in range(REALS))
        text += f"\nvirtual=10.9.9.{number}:80\n{reals}\tservice=none\n\tchecktype=on\n\tscheduler=wlc\n"
    return text


def entered(director: Director) -> int:
    return sum(len(virtual.reals) for virtual in director.table().virtuals.values())


def begin(director: Director) -> Started:
    words = [*OURS.words, "--foreground", str(director.file), "start"]
    return director.popen(words, director.folder / "printed", **OURS.environment)


@pytest.mark.parametrize("least", [1, REALS, 3 * REALS])
def test_nothing_is_left_of_a_start_that_was_cut_short(director: Director, least: int) -> None:
    director.write(configuration(1))
    process = begin(director)
    wait_until(lambda: entered(director) >= least)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert not director.table().virtuals
    assert director.pid is None


def test_with_cleanstop_no_the_table_stays(director: Director) -> None:
    director.write(configuration(1, cleanstop="no"))
    process = begin(director)
    wait_until(lambda: entered(director) >= 1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert director.table().virtuals


def test_nothing_is_left_where_a_reload_is_cut_short_by_several_signals(director: Director) -> None:
    director.write(configuration(1))
    process = begin(director)
    wait_until(lambda: entered(director) == 4 * REALS)
    director.write(configuration(5))
    wait_until(lambda: director.pid is not None)
    process.send_signal(signal.SIGHUP)
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
        process.send_signal(number)
    assert process.wait(60) == 0
    assert not director.table().virtuals
