"""Starts on a table that is there, and while all servers are dead: both programs do the same."""

import pytest

from tests.parity.runs.reloads import ADOPTION_RUN, DEAD_RUN
from tests.parity.support.agreeing import RUN_SECONDS, agree, scenarios_of
from tests.parity.support.playing import Theatre
from tests.parity.support.scenario import Run, Scenario


@pytest.mark.timeout(RUN_SECONDS)
@scenarios_of(ADOPTION_RUN, DEAD_RUN)
def test_both_do_the_same(playing: Theatre, run: Run, scenario: Scenario) -> None:
    agree(playing, run, scenario)
