"""Maintenance, programs that are told, monitor files: both programs do the same."""

import pytest

from tests.parity.runs.upkeep import EXECUTE_RUN, HOOK_RUN, MAINTENANCE_RUN, SUPERVISED_RUN
from tests.parity.support.agreeing import RUN_SECONDS, agree, scenarios_of
from tests.parity.support.playing import Theatre
from tests.parity.support.scenario import Run, Scenario


@pytest.mark.timeout(RUN_SECONDS)
@scenarios_of(EXECUTE_RUN, HOOK_RUN, MAINTENANCE_RUN, SUPERVISED_RUN)
def test_both_do_the_same(playing: Theatre, run: Run, scenario: Scenario) -> None:
    agree(playing, run, scenario)
