"""Other checks than of pages: both programs come to the same verdicts."""

import pytest

from tests.parity.runs.checks import CHECK_RUN
from tests.parity.support.agreeing import RUN_SECONDS, agree, scenarios_of
from tests.parity.support.playing import Theatre
from tests.parity.support.scenario import Run, Scenario


@pytest.mark.timeout(RUN_SECONDS)
@scenarios_of(CHECK_RUN)
def test_both_do_the_same(playing: Theatre, run: Run, scenario: Scenario) -> None:
    agree(playing, run, scenario)
