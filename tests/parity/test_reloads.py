"""Changes of the configuration: both programs take them up alike."""

import pytest

from tests.parity.runs.reloads import AUTORELOAD_RUN, BROKEN_RUN, NO_AUTORELOAD_RUN, RELOAD_RUN
from tests.parity.support.agreeing import RUN_SECONDS, agree, scenarios_of
from tests.parity.support.playing import Theatre
from tests.parity.support.scenario import Run, Scenario


@pytest.mark.timeout(RUN_SECONDS)
@scenarios_of(AUTORELOAD_RUN, BROKEN_RUN, NO_AUTORELOAD_RUN, RELOAD_RUN)
def test_both_do_the_same(playing: Theatre, run: Run, scenario: Scenario) -> None:
    agree(playing, run, scenario)
