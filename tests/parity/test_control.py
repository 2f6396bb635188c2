"""The command line: both programs say and do the same."""

import pytest

from tests.parity.runs.control import CONTROL_RUN
from tests.parity.support.agreeing import RUN_SECONDS, agree, scenarios_of
from tests.parity.support.playing import Theatre
from tests.parity.support.scenario import Run, Scenario


@pytest.mark.timeout(RUN_SECONDS)
@scenarios_of(CONTROL_RUN)
def test_both_do_the_same(playing: Theatre, run: Run, scenario: Scenario) -> None:
    agree(playing, run, scenario)
