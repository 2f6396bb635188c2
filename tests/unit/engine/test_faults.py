"""Faults that last are told again, and taken for down where that is wanted."""

import pytest

from ldirectord_py.engine.faults import LastingFaults
from ldirectord_py.model.checks.check_plan import Polled
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict, down, fault, up
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.events import Event, FaultLasts
from ldirectord_py.model.health import FaultRules
from ldirectord_py.model.service import RealKey
from tests.unit.runtime.test_director import WEB, polled, server

NONE_FREE = fault(CheckUnavailable("too many open files"))
TELLS, TAKES = FaultRules(60.0), FaultRules(60.0, down=True)
TAKEN = down(Reason.LOCAL, "could not be checked for 60 s, through a fault of ours: too many open files")


class Scene:
    """Two servers, the first of which shares its check with another virtual's."""

    def __init__(self, rules: FaultRules) -> None:
        self.now = 1000.0
        self.events: list[Event] = []
        self.reals: dict[Polled, tuple[RealKey, ...]] = {
            polled(number): (RealKey(WEB, server(number)),) for number in (1, 2)
        }
        self.faults = LastingFaults()
        self.faults.take(rules, self.reals)

    def ends(self, seconds: float, outcome: Outcome = NONE_FREE, number: int = 1) -> Outcome:
        self.now = 1000.0 + seconds
        counted, told = self.faults.counted(polled(number), outcome, self.reals, self.now)
        self.events += told
        return counted

    def told(self) -> list[float]:
        """Return after how many seconds it was told."""
        return [event.seconds for event in self.events if isinstance(event, FaultLasts)]


@pytest.mark.parametrize(
    ("rules", "moments", "told", "last"),
    [
        (FaultRules(), [0, 60, 10_000], [], NONE_FREE),
        (FaultRules(down=True), [0, 60, 10_000], [], NONE_FREE),
        (TELLS, [0, 10, 59.9], [], NONE_FREE),
        (TELLS, [0, 30, 60], [60], NONE_FREE),
        (TELLS, [0, 50, 100, 110, 150, 165], [100, 165], NONE_FREE),
        (TAKES, [0, 59.9], [], NONE_FREE),
        (TAKES, [0, 60], [60], TAKEN),
        (TAKES, [0, 60, 61], [60], TAKEN),
    ],
    ids=["off", "off all the same", "not yet", "at the limit", "at each limit", "still in", "down", "and stays down"],
)
def test_a_fault_that_lasts(rules: FaultRules, moments: list[float], told: list[float], last: Outcome) -> None:
    scene = Scene(rules)
    outcomes = [scene.ends(moment) for moment in moments]
    assert scene.told() == told
    assert outcomes[-1] == last


@pytest.mark.parametrize("between", [up(), down(Reason.REFUSED, "connection refused")])
def test_any_other_outcome_ends_it(between: Outcome) -> None:
    scene = Scene(TAKES)
    scene.ends(0)
    assert scene.ends(50, between) == between
    assert not scene.faults
    assert scene.ends(70) == NONE_FREE
    assert scene.ends(129) == NONE_FREE
    assert scene.ends(130) == TAKEN


def test_each_server_has_its_own_time() -> None:
    scene = Scene(TAKES)
    scene.ends(0)
    scene.ends(30, number=2)
    assert scene.ends(60) == TAKEN
    assert scene.ends(60, number=2) == NONE_FREE


def test_a_reload_forgets_who_left_and_nobody_else() -> None:
    scene = Scene(TAKES)
    scene.ends(0)
    scene.ends(0, number=2)
    scene.faults.take(TAKES, {polled(1): ()})
    scene.faults.take(TAKES, scene.reals)
    assert scene.ends(60) == TAKEN
    assert scene.ends(60, number=2) == NONE_FREE


def test_a_reload_that_switches_it_off_forgets_all() -> None:
    scene = Scene(TAKES)
    scene.ends(0)
    scene.faults.take(FaultRules(), scene.reals)
    assert not scene.faults


def test_of_a_check_whose_server_has_just_left_nothing_is_kept() -> None:
    scene = Scene(TAKES)
    assert scene.ends(0, number=3).verdict is Verdict.FAULT
    assert not scene.faults
