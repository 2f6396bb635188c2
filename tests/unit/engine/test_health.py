"""What outcomes make of a server's health."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.engine.health import advance, unchecked
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, fault, up
from ldirectord_py.model.health import Health, Rules, State

REFUSED = down(Reason.REFUSED, "connection refused")
ONCE, THRICE = Rules(1), Rules(3)


def after(health: Health, *outcomes: Outcome, rules: Rules = ONCE) -> Health:
    for moment, outcome in enumerate(outcomes, start=100):
        health = advance(health, outcome, rules, float(moment))
    return health


@pytest.mark.parametrize(
    ("adopted", "outcomes", "rules", "state", "failures"),
    [
        (False, [], ONCE, State.UNKNOWN, 0),
        (True, [], ONCE, State.ADOPTED, 0),
        (False, [up()], THRICE, State.UP, 0),
        (False, [REFUSED], THRICE, State.DOWN, 1),
        (True, [REFUSED], THRICE, State.ADOPTED, 1),
        (True, [REFUSED] * 3, THRICE, State.DOWN, 3),
        (True, [REFUSED, REFUSED, up(), REFUSED, REFUSED], THRICE, State.UP, 2),
        (True, [up(), REFUSED], ONCE, State.DOWN, 1),
        (True, [REFUSED, up()], ONCE, State.UP, 0),
        (True, [fault("no file descriptors")] * 5, ONCE, State.ADOPTED, 0),
        (True, [REFUSED, fault("no route"), REFUSED], Rules(2), State.DOWN, 2),
    ],
    ids=[
        "new servers stay out",
        "those of the table stay in",
        "one success lets in",
        "a new server is down at once",
        "a soft failure keeps in",
        "the third takes out",
        "a success forgives",
        "failurecount 1",
        "one success restores",
        "our faults change nothing",
        "our faults neither forgive",
    ],
)
def test_state_follows_the_outcomes(
    adopted: bool, outcomes: list[Outcome], rules: Rules, state: State, failures: int
) -> None:
    health = after(unchecked(adopted=adopted, now=0.0), *outcomes, rules=rules)

    assert (health.state, health.failures) == (state, failures)


def test_success_without_change_costs_no_new_value() -> None:
    health = after(unchecked(adopted=False, now=0.0), up())

    assert advance(health, up("200 OK"), ONCE, 200.0) is health


def test_since_is_the_moment_of_the_last_change_of_state() -> None:
    health = after(unchecked(adopted=False, now=0.0), up(), up(), REFUSED, down(Reason.TIMEOUT, "silent"))

    assert health == Health(State.DOWN, 102.0, 1, Reason.TIMEOUT, "silent")


@given(
    adopted=st.booleans(),
    outcomes=st.lists(st.sampled_from([up(), REFUSED, fault("ours")])),
    failurecount=st.integers(1, 4),
)
def test_a_serving_server_goes_out_only_by_its_failurecount_of_failures_in_a_row(
    adopted: bool, outcomes: list[Outcome], failurecount: int
) -> None:
    health, row = unchecked(adopted=adopted, now=0.0), 0
    for outcome in outcomes:
        serving = health.state.serving
        health = advance(health, outcome, Rules(failurecount), 1.0)
        row = 0 if outcome == up() else row + (outcome == REFUSED)
        if serving and not health.state.serving:
            assert row >= failurecount
        if outcome == up():
            assert health.state is State.UP


def test_maintenance_takes_a_server_out_whatever_failurecount_says() -> None:
    serving = Health(State.UP, 1.0)
    out = advance(serving, down(Reason.MAINTENANCE, "Server in maintenance"), Rules(failurecount=5), 2.0)
    assert (out.state, out.reason, out.since) == (State.DOWN, Reason.MAINTENANCE, 2.0)


def test_who_was_down_before_is_in_maintenance_since_that_began() -> None:
    maintenance = down(Reason.MAINTENANCE, "Server in maintenance")
    out = advance(Health(State.DOWN, 1.0, 1, Reason.REFUSED, "refused"), maintenance, ONCE, 2.0)
    assert (out.reason, out.since) == (Reason.MAINTENANCE, 2.0)
    assert advance(out, down(Reason.MAINTENANCE, "for another reason"), ONCE, 3.0).since == 2.0
    assert advance(unchecked(adopted=False, now=1.0), maintenance, ONCE, 2.0).since == 1.0, "remembered over a restart"
