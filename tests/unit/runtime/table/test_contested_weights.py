"""Two programs that set weights against one another, on a director that obeys each of them."""

from dataclasses import replace

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.events import AdminChanged, Event, WeightContested
from ldirectord_py.model.table import SetDestination
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.table.contested_weights import QUIET_SECONDS, ContestedWeights

CONFIG = b"virtual=192.0.2.1:80\n\treal=192.0.2.11:80 masq 3\n\tchecktype=on\n\thandset=respect\n"


async def test_a_dispute_is_told_once() -> None:
    events: list[Event] = []
    table = MemoryTable()
    director = Director(parse(CONFIG, "web.cf"), table, events.append)
    await director.start()
    (virtual,) = director.config.virtuals
    (real,) = virtual.keys
    for weight in (9, 5, 9, 5, 9, 5, 9, 5):
        entry = (await table.read([virtual.key]))[virtual.key].destinations[real.real]
        await table.apply([SetDestination(virtual.key, real.real, replace(entry, weight=weight))])
        await director.reconciler.reconcile()
    assert [event for event in events if isinstance(event, WeightContested)] == [WeightContested(real, (9, 5))]
    assert sum(isinstance(event, AdminChanged) for event in events) == 8


@pytest.mark.parametrize(
    ("weights", "told"),
    [((1, 2, 1, 2), 1), ((1, 2, 1), 0), ((1, 2, 3, 1, 2, 3), 0), ((3, 1, 2, 1, 2, 4), 1), ((1, 1, 1, 1), 0)],
)
def test_weights_that_follow_the_load_are_no_dispute(weights: tuple[int, ...], told: int) -> None:
    (real,) = parse(CONFIG, "web.cf").virtuals[0].keys
    events: list[Event] = []
    contested = ContestedWeights(events.append)
    for weight in weights:
        contested.note(real, weight)
    assert len(events) == told


def test_after_a_pause_it_is_told_again() -> None:
    now = 0.0
    (real,) = parse(CONFIG, "web.cf").virtuals[0].keys
    events: list[Event] = []
    contested = ContestedWeights(events.append, lambda: now)
    for pause in (0.0, QUIET_SECONDS / 2, QUIET_SECONDS):
        now += pause
        for weight in (1, 2, 1, 2):
            contested.note(real, weight)
    assert len(events) == 2
