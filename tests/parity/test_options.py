"""Options of virtual services, and fallbacks: both programs write the same table."""

import pytest

from tests.parity.runs.virtuals import FALLBACK_RUN, OPTION_RUN
from tests.parity.support.agreeing import RUN_SECONDS, agree, scenarios_of
from tests.parity.support.playing import Theatre
from tests.parity.support.scenario import Run, Scenario


@pytest.mark.timeout(RUN_SECONDS)
@scenarios_of(FALLBACK_RUN, OPTION_RUN)
def test_both_do_the_same(playing: Theatre, run: Run, scenario: Scenario) -> None:
    agree(playing, run, scenario)
