"""Which probe comes next."""

from dataclasses import replace

import pytest

from ldirectord_py.checks.conversations.connect import Connect
from ldirectord_py.engine.policy import period, probe_at, probes, step_after, verdict
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
