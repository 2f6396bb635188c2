"""The one question of the suite: do both programs agree?  Each module of the suite asks it of some runs, in a guest."""

from collections.abc import Iterable

import pytest

from tests.parity.support.comparing import disagreements
from tests.parity.support.playing import Theatre
from tests.parity.support.scenario import Run, Scenario

RUN_SECONDS = 400
"""For both programs; the first scenario of a run waits for it."""


def scenarios_of(*runs: Run) -> pytest.MarkDecorator:
    """Return the parameters of a test that is to be run with each scenario of *runs*."""
    cases: Iterable[object] = [
        pytest.param(run, each, id=f"{run.name}: {each.title}") for run in runs for each in run.scenarios
    ]
    return pytest.mark.parametrize(("run", "scenario"), cases)


def agree(playing: Theatre, run: Run, scenario: Scenario) -> None:
    """Fail with all that is not as it is to be."""
    if found := disagreements(run, scenario, playing.play(run)):
        pytest.fail("\n\n".join(found), pytrace=False)
