"""The classic scene with the original and with ours: the same file, the same events, the same table after each."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.lab.support.classic import Classic
from tests.lab.support.director import Director
from tests.lab.support.scene import Scene
from tests.peers.webserver import Behaviour

Weights = dict[str, int]


def everybody(classic: Classic, *, alive: bool) -> None:
    for real in classic.reals:
        if alive:
            real.site.alive()
        else:
            real.site.sick()


def hang(classic: Classic) -> None:
    classic.one.site.behaviour = Behaviour.HANG


def events(
    classic: Classic, director: Director, *, quiescent: bool
) -> Iterator[tuple[str, Callable[[], object], Weights]]:
    """Yield what happens, in order, each with what is to come of it."""

    def serving(one: int, two: int, itself: int) -> Weights:
        weights = classic.weights(one, two, itself)
        return {real: weight for real, weight in weights.items() if weight or quiescent}

    changed = classic.config({classic.one: 5, classic.itself: 1}, quiescent=quiescent)
    yield "started", lambda: director.start(classic.config(quiescent=quiescent)), serving(3, 2, 1)
    yield "one's page changed", classic.one.site.sick, serving(0, 2, 1)
    yield "one's page is back", classic.one.site.alive, serving(3, 2, 1)
    yield "one hangs", lambda: hang(classic), serving(0, 2, 1)
    yield "all are dead", lambda: everybody(classic, alive=False), serving(0, 0, 0) | {classic.sorry.at: 1}
    yield "two is back", classic.two.site.alive, serving(0, 2, 0)
    yield "all are back", lambda: everybody(classic, alive=True), serving(3, 2, 1)
    yield "reloaded", lambda: director.reload(changed), {classic.one.at: 5, classic.itself.at: 1}
    yield "stopped", director.stop, {}


def tables(classic: Classic, director: Director, *, quiescent: bool) -> Mapping[str, list[str]]:
    """Return the whole table after each event."""
    found = {}
    for name, happen, weights in events(classic, director, quiescent=quiescent):
        happen()
        director.wait_for_weights(weights)
        found[name] = director.table().lines()
    return found


@pytest.mark.parametrize("quiescent", [True, False], ids=["quiescent", "not quiescent"])
def test_both_write_the_same_table_after_each_event(scene: Scene, quiescent: bool) -> None:
    classic = Classic(scene)
    theirs = tables(classic, scene.original, quiescent=quiescent)
    assert tables(classic, scene.director, quiescent=quiescent) == theirs
