"""Which probe comes next."""

from dataclasses import replace

import pytest

from ldirectord_py.checks.connect import Connect
from ldirectord_py.engine.policy import longest_notice, period, probe_at, probes, step_after, verdict
from ldirectord_py.model.checking import Alternating, Polled, Probe, Repeated, Together
from ldirectord_py.model.outcome import Reason, down, fault, up

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
        letters += "n" if probe_at(plan, step) is NEGOTIATE else "c"
        step = step_after(plan, step, outcome)

    assert letters == asked


def test_a_repeated_probe_is_always_the_same() -> None:
    plan = Repeated(probe=CONNECT, interval=1)

    assert step_after(plan, 0, FAILED) == 0
    assert probe_at(plan, 0) is CONNECT


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
        verdicts.append(verdict(plan, step, outcome))
        step = step_after(plan, step, outcome)

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
    assert period(plan) == seconds
    assert CONNECT.check in [probe.check for probe in probes(plan)]


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
        for mute in probes(plan)
    )
    assert longest_notice(plan, failurecount) >= worst
    if not isinstance(plan, Together):
        assert longest_notice(plan, failurecount) == worst


def until_out(plan: Polled, failurecount: int, step: int, mute: Probe) -> float:
    """Carry out *plan* beside a server that dies right after the check at *step*, which is begun at 0.

    With a connect for *mute* it is silent altogether; otherwise it accepts connections and says no more.
    """
    begun, failures, step = 0.0, 0, step_after(plan, step, up())
    took = 0.0
    now = begun + max(plan.interval, took)
    while True:
        probe = probe_at(plan, step)
        silent = probe is mute or mute is CONNECT or (mute in probes(plan) and not isinstance(plan, Alternating))
        hung = silent or (isinstance(plan, Alternating) and probe is plan.negotiate)
        took = probe.timeout * probe.attempts if hung else 0.0
        failures += hung
        if failures == failurecount:
            return now + took
        step = step_after(plan, step, FAILED if hung else up())
        now += max(plan.interval, took)


def test_a_hung_server_is_out_after_an_interval_and_a_timeout() -> None:
    assert longest_notice(Repeated(probe=NEGOTIATE, interval=2), 1) == 32
    assert longest_notice(Repeated(probe=NEGOTIATE, interval=2), 3) == 92
    assert longest_notice(Repeated(probe=CONNECT, interval=10), 3) == 35
