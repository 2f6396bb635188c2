"""Which probe of a plan comes next."""

from typing import assert_never

from ldirectord_py.model.checking import Alternating, Polled, Probe, Repeated
from ldirectord_py.model.outcome import Outcome, Verdict


def probe_at(plan: Polled, step: int) -> Probe:
    """Return the probe of *plan* that is due at *step*; every plan begins at step 0."""
    match plan:
        case Repeated():
            return plan.probe
        case Alternating():
            return plan.connect if step else plan.negotiate
        case _:
            assert_never(plan)


def step_after(plan: Polled, step: int, outcome: Outcome) -> int:
    """Return the step that follows *step* once its probe ended with *outcome*.

    `checktype=N` negotiates at step 0 and connects at steps 1 to N; a failure anywhere leads back
    to negotiating, and a fault of ours repeats the step.
    """
    match plan:
        case Repeated():
            return 0
        case Alternating():
            if outcome.verdict is Verdict.FAULT:
                return step
            if outcome.verdict is Verdict.DOWN or step >= plan.connects:
                return 0
            return step + 1
        case _:
            assert_never(plan)


def period(plan: Polled) -> float:
    """Return the seconds within which *plan* ends at least once, however its server behaves."""
    match plan:
        case Repeated(probe=probe, interval=interval):
            return interval + probe.timeout * probe.attempts
        case Alternating(negotiate=one, connect=other, interval=interval):
            return interval + max(one.timeout * one.attempts, other.timeout * other.attempts)
        case _:
            assert_never(plan)
