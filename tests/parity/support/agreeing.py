"""The one question of the suite: do both programs agree?  Each module of the suite asks it of some runs, in a guest."""

from collections.abc import Iterable

import pytest

from tests.parity.support.comparing import disagreements
from tests.parity.support.playing import Theatre
from tests.parity.support.scenario import Run, Scenario

RUN_SECONDS = 900
"""For both programs; the first scenario of a run waits for it."""

LONG = 5
"""Steps from which on a run is among the long ones."""


def scenarios_of(*runs: Run) -> pytest.MarkDecorator:
    """Return the parameters of a test that is to be run with each scenario of *runs*.

    The scenarios of a run share its table and its daemons.  A long run has a guest of its own, and the short ones of a
    module share one: until a guest has booted and pytest has begun in it, a short run is half done.
    """
    cases: Iterable[object] = [
        pytest.param(run, each, id=f"{run.name}: {each.title}", marks=_marks(run))
        for run in runs
        for each in run.scenarios
    ]
    return pytest.mark.parametrize(("run", "scenario"), cases)


def _marks(run: Run) -> list[pytest.MarkDecorator]:
    return [pytest.mark.guest(run.name), pytest.mark.long] if len(run.steps) >= LONG else []


def agree(playing: Theatre, run: Run, scenario: Scenario) -> None:
    """Fail with all that is not as it is to be."""
    if found := disagreements(run, scenario, playing.play(run)):
        pytest.fail("\n\n".join(found), pytrace=False)
