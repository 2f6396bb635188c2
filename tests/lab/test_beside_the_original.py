"""The classic scene with the original and with ours: the same file, the same events, the same table after each."""

from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest

from tests.lab.support.classic import Classic
from tests.lab.support.director import Director
from tests.lab.support.scene import Scene
from tests.lab.support.waiting import NeverCame, wait_until
from tests.peers.webserver import Behaviour

INTERVAL = 1
PATIENCE = 10
Event = Callable[[], object]


def sick(classic: Classic) -> None:
    for real in classic.reals:
        real.site.sick()


def alive(classic: Classic) -> None:
    for real in classic.reals:
        real.site.alive()


def hang(classic: Classic) -> None:
    classic.one.site.behaviour = Behaviour.HANG


def start(classic: Classic, director: Director, config: str) -> None:
    director.start(config)
    director.wait_for_weights(classic.weights(3, 2, 1), 30)


def events(classic: Classic, director: Director, *, quiescent: bool) -> Mapping[str, Event]:
    usual = classic.config(quiescent=quiescent, interval=INTERVAL)
    changed = classic.config({classic.one: 5, classic.itself: 1}, quiescent=quiescent, interval=INTERVAL)
    return {
        "started": lambda: start(classic, director, usual),
        "one's page changed": classic.one.site.sick,
        "one's page is back": classic.one.site.alive,
        "one hangs": lambda: hang(classic),
        "all are dead": lambda: sick(classic),
        "two is back": classic.two.site.alive,
        "all are back": lambda: alive(classic),
        "reloaded with a changed file": lambda: director.reload(changed),
        "stopped": director.stop,
    }


def settle(classic: Classic, before: Mapping[str, int]) -> Mapping[str, int]:
    """Return the original's weights once they have changed and a whole round of checks has passed."""
    original = classic.scene.original
    wait_until(lambda: original.weights() != before, PATIENCE, telling=lambda: original.table().raw)
    if original.running:
        classic.checked_again(classic.one, classic.itself)  # two stands between them
    return original.weights()


def reach(director: Director, goal: Mapping[str, int]) -> None:
    """Wait until the weights are *goal*, or until patience ends."""
    with suppress(NeverCame):
        director.wait_for_weights(goal, PATIENCE)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("quiescent", [True, False], ids=["quiescent", "not quiescent"])
def test_both_write_the_same_table_after_each_event(scene: Scene, quiescent: bool) -> None:
    classic = Classic(scene)
    theirs: dict[str, list[str]] = {}
    weights: dict[str, Mapping[str, int]] = {}
    before: Mapping[str, int] = {}
    for name, event in events(classic, scene.original, quiescent=quiescent).items():
        event()
        weights[name] = before = settle(classic, before)
        theirs[name] = scene.original.table().lines()
    assert sorted({len(lines) for lines in theirs.values()}) == ([0, 3, 4, 5] if quiescent else [0, 2, 3, 4])

    ours: dict[str, list[str]] = {}
    for name, event in events(classic, scene.director, quiescent=quiescent).items():
        event()
        reach(scene.director, weights[name])
        ours[name] = scene.director.table().lines()
    assert ours == theirs
