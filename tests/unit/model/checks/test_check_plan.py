"""Which probe comes next."""

from dataclasses import replace

import pytest

from ldirectord_py.checks.connect import Connect
from ldirectord_py.model.checks.check_plan import Alternating, Polled, Repeated, Together
from ldirectord_py.model.checks.outcome import Reason, down, fault, up
from ldirectord_py.model.checks.probe import Probe

NEGOTIATE = Probe(check=Connect(), timeout=30)
CONNECT = Probe(check=Connect(), timeout=5)
FAILED = down(Reason.REFUSED, "")


@pytest.mark.parametrize(
    ("outcomes", "asked"),
    [
        ([up()] * 6, "nccncc"),
        ([up(), FAILED, up(), up(), up()], "ncncc"),
        ([FAILED, FAILED, up(), up()], "nnnc"),
        ([up(), fault("ours"), up(), up()], "nccc"),
    ],
    ids=["all well", "a failed connect", "a failed negotiate", "a fault of ours repeats the step"],
)
def test_combined_checks_alternate(outcomes: list, asked: str) -> None:
    plan = Alternating(negotiate=NEGOTIATE, connect=CONNECT, connects=2, interval=1)
    step, letters = 0, ""
    for outcome in outcomes:
        letters += "n" if plan.probe_at(step) is NEGOTIATE else "c"
        step = plan.step_after(step, outcome)

    assert letters == asked


def test_a_repeated_probe_is_always_the_same() -> None:
    plan = Repeated(probe=CONNECT, interval=1)

    assert plan.step_after(0, FAILED) == 0
    assert plan.probe_at(0) is CONNECT


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ([up("a"), up("b"), up("c")], [None, None, up("c")]),
        ([FAILED], [down(Reason.REFUSED, "check 1 of 3: ")]),
        ([up(), down(Reason.STATUS, "503")], [None, down(Reason.STATUS, "check 2 of 3: 503")]),
        ([up(), up(), fault("ours"), up()], [None, None, fault("check 3 of 3: ours"), None]),
    ],
    ids=["all well", "the first fails", "the second fails", "a fault of ours ends the turn"],
)
def test_probes_that_belong_together_make_one_verdict(outcomes: list, told: list) -> None:
    plan = Together(probes=(NEGOTIATE, CONNECT, NEGOTIATE), interval=1)
    step, verdicts = 0, []
    for outcome in outcomes:
        verdicts.append(plan.verdict(step, outcome))
        step = plan.step_after(step, outcome)

    assert verdicts == told
    assert (step == 0) is (verdicts[-1] is not None)


@pytest.mark.parametrize(
    ("plan", "seconds"),
    [
        (Repeated(probe=replace(CONNECT, attempts=3), interval=10), 25),
        (Alternating(negotiate=NEGOTIATE, connect=CONNECT, connects=2, interval=10), 40),
        (Together(probes=(NEGOTIATE, CONNECT), interval=10), 45),
    ],
    ids=["repeated", "alternating", "together"],
)
def test_a_plan_ends_at_least_once_in_its_period(plan: Polled, seconds: float) -> None:
    assert plan.period == seconds
    assert CONNECT.check in [probe.check for probe in plan.probes]


PLANS = {
    "a negotiate": Repeated(probe=NEGOTIATE, interval=2),
    "a connect": Repeated(probe=CONNECT, interval=10),
    "a ping, tried three times": Repeated(probe=Probe(check=Connect(), timeout=2, attempts=3), interval=10),
    "several": Together(probes=(CONNECT, NEGOTIATE), interval=10),
    "several, seldom": Together(probes=(CONNECT, CONNECT), interval=60),
    "combined": Alternating(negotiate=NEGOTIATE, connect=CONNECT, connects=2, interval=1),
    "combined, with slow connects": Alternating(negotiate=CONNECT, connect=NEGOTIATE, connects=1, interval=1),
}


@pytest.mark.parametrize("failurecount", [1, 2, 3])
@pytest.mark.parametrize("name", PLANS)
def test_the_longest_time_until_a_dead_server_is_out_is_the_worst_that_happens(name: str, failurecount: int) -> None:
    """Each step in turn is the last that is passed, and of the probes behind it each is the first to fail."""
    plan = PLANS[name]
    worst = max(
        until_out(plan, failurecount, passed, mute)
        for passed in range(3 if isinstance(plan, Alternating) else 1)
        for mute in plan.probes
    )
    assert plan.longest_notice(failurecount) >= worst
    if not isinstance(plan, Together):
        assert plan.longest_notice(failurecount) == worst


def until_out(plan: Polled, failurecount: int, step: int, mute: Probe) -> float:
    """Carry out *plan* beside a server that dies right after the check at *step*, which is begun at 0.

    With a connect for *mute* it is silent altogether; otherwise it accepts connections and says no more.
    """
    begun, failures, step = 0.0, 0, plan.step_after(step, up())
    took = 0.0
    now = begun + max(plan.interval, took)
    while True:
        probe = plan.probe_at(step)
        silent = probe is mute or mute is CONNECT or (mute in plan.probes and not isinstance(plan, Alternating))
        hung = silent or (isinstance(plan, Alternating) and probe is plan.negotiate)
        took = probe.timeout * probe.attempts if hung else 0.0
        failures += hung
        if failures == failurecount:
            return now + took
        step = plan.step_after(step, FAILED if hung else up())
        now += max(plan.interval, took)


def test_a_hung_server_is_out_after_an_interval_and_a_timeout() -> None:
    assert Repeated(probe=NEGOTIATE, interval=2).longest_notice(1) == 32
    assert Repeated(probe=NEGOTIATE, interval=2).longest_notice(3) == 92
    assert Repeated(probe=CONNECT, interval=10).longest_notice(3) == 35
