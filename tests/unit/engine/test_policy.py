"""Which probe comes next."""

import pytest

from ldirectord_py.checks.conversations.connect import Connect
from ldirectord_py.engine.policy import probe_at, step_after
from ldirectord_py.model.checking import Alternating, Probe, Repeated
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
