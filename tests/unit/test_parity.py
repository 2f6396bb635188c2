"""The scenarios of tests/parity leave out nothing that the original knows, and name listed differences only."""

import re

import pytest

from docs.generate import HERE
from ldirectord_py.cli.options import Action
from ldirectord_py.config.grammar.directive import Scope
from ldirectord_py.config.grammar.directives.all_directives import rows
from tests.parity.runs.catalogue import RUNS
from tests.parity.support.observing import weights_in
from tests.parity.support.scenario import Run, Scenario, entry_of

SCENARIOS = [(run, each) for run in RUNS for each in run.scenarios]
REFUSED = {"connecttimeout", "timeout"}
"""Directives that both refuse; see tests/unit/config/test_against_the_original.py."""
OURS = {
    *(
        "checkdevice",
        "checks",
        "checksource",
        "httpheader",
        "httpstatus",
        "include",
        "checkuser",
        "cleartextpassword",
        "faultdown",
        "faultlimit",
        "historyfile",
        "historysize",
        "role",
        "standbyinterval",
        "syncdaemon",
        "metricsdetail",
        "apicertificate",
        "apiclientca",
        "apiclients",
        "apigroup",
        "apihosts",
        "apikey",
        "apireadgroup",
        "apitokens",
        "metricslisten",
        "statuslisten",
        "record",
        "reconcileinterval",
        "reloadlimit",
        "sysctls",
        "handset",
        "vips",
        "trackfile",
    ),
    *("tlscafile", "tlscertfile", "tlsciphers", "tlskeyfile", "tlsminimum", "tlsservername", "tlsverify"),
}
"""Directives that the original does not know; any other has to be in a scenario."""
DIRECTIVE = re.compile(r"^\s*([a-z0-9]+) *=", re.MULTILINE)
LISTED = {
    line.split("|")[1].strip()
    for line in HERE.joinpath("coming-from-perl.md").read_text().splitlines()
    if line.startswith("| ")
}


def named_in(*texts: str) -> set[str]:
    return {name for text in texts for name in DIRECTIVE.findall(text)}


def original(scope: Scope) -> set[str]:
    """Return the directives of one place that the original knows and takes."""
    return set(rows(scope)) - REFUSED - OURS


def test_every_global_directive_of_the_original_is_in_a_scenario() -> None:
    used = named_in(*(text for run in RUNS for text in (run.directives, *run.later.values())))
    assert original(Scope.GLOBAL) - used == set()


def test_every_directive_of_a_section_is_in_a_scenario() -> None:
    used = named_in(*(text for _, each in SCENARIOS for text in (each.section, *each.later.values())))
    assert original(Scope.SECTION) - used == set()


def test_every_action_is_in_a_scenario() -> None:
    used = {word for run in RUNS for step in run.steps for word in step.words}
    assert {action.value for action in Action} - used == set()


def test_there_are_sixty_scenarios_or_more_with_titles_of_their_own() -> None:
    titles = [each.title for _, each in SCENARIOS]
    assert len(titles) >= 60
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(("run", "scenario"), SCENARIOS, ids=[each.title for _, each in SCENARIOS])
def test_a_scenario_names_what_exists(run: Run, scenario: Scenario) -> None:
    assert set(scenario.differences) <= LISTED
    expected = [scenario.states, scenario.calls, scenario.prints, scenario.monitored, scenario.mails]
    assert {step for each in (*expected, scenario.logs, scenario.later) for step in each} <= set(run.names)
    assert any(expected)


def test_what_every_scenario_lets_pass_is_listed() -> None:
    assert {"first success", "order", "changed", "told at stop"} <= LISTED


@pytest.mark.parametrize("run", RUNS, ids=[run.name for run in RUNS])
def test_the_virtuals_of_a_run_are_distinct(run: Run) -> None:
    virtuals = [each.virtual for each in run.scenarios if each.virtual]
    assert len(set(virtuals)) == len(virtuals)


def test_the_name_in_the_table_follows_from_the_first_line() -> None:
    assert entry_of("virtual=10.0.0.1:80\n\treal=…") == "-t 10.0.0.1:80"
    assert entry_of("virtual=10.0.0.1:53\n") == "-u 10.0.0.1:53"
    assert entry_of("virtual=10.0.0.1:80\n\tprotocol=udp\n") == "-u 10.0.0.1:80"
    assert entry_of("virtual6 = [fd00::1]:80\n") == "-t [fd00::1]:80"
    assert entry_of("virtual=5\n") == "-f 5"
    assert entry_of("virtual6=5\n") == "-f 5 -6"


def test_weights_are_read_from_a_state() -> None:
    assert weights_in("sick 0 u:9 l:5, sound:8080 3") == {"sick": 0, "sound:8080": 3}
    assert weights_in("-s wrr -p 60: sound6:81 1") == {"sound6:81": 1}
    assert weights_in("-s rr:") == {}
    assert weights_in("") == {}
