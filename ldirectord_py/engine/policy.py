"""Which probe of a plan comes next."""

from dataclasses import replace
from typing import assert_never

from ldirectord_py.model.checking import Alternating, Polled, Probe, Repeated, Together
from ldirectord_py.model.outcome import LONGEST_DETAIL, Outcome, Verdict


def probe_at(plan: Polled, step: int) -> Probe:
    """Return the probe of *plan* that is due at *step*; every plan begins at step 0."""
    match plan:
        case Repeated():
            return plan.probe
        case Alternating():
            return plan.connect if step else plan.negotiate
        case Together():
            return plan.probes[step]
        case _:
            assert_never(plan)


def step_after(plan: Polled, step: int, outcome: Outcome) -> int:
    """Return the step that follows *step* once its probe ended with *outcome*.

    `checktype=N` negotiates at step 0 and connects at steps 1 to N; a failure anywhere leads back
    to negotiating, and a fault of ours repeats the step.  Probes that belong together follow upon
    one another while they succeed; anything else ends the turn.
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
        case Together():
            return step + 1 if outcome.verdict is Verdict.UP and step + 1 < len(plan.probes) else 0
        case _:
            assert_never(plan)


def verdict(plan: Together, step: int, outcome: Outcome) -> Outcome | None:
    """Return what the turn of *plan* amounts to once *step* ended with *outcome*; None: it goes on."""
    if outcome.verdict is not Verdict.UP:
        told = f"check {step + 1} of {len(plan.probes)}: {outcome.detail}"
        return replace(outcome, detail=told[:LONGEST_DETAIL])
    return outcome if step + 1 == len(plan.probes) else None


def probes(plan: Polled) -> tuple[Probe, ...]:
    """Return all probes of *plan*."""
    match plan:
        case Repeated():
            return (plan.probe,)
        case Alternating():
            return (plan.negotiate, plan.connect)
        case Together():
            return plan.probes
        case _:
            assert_never(plan)


def period(plan: Polled) -> float:
    """Return the seconds within which *plan* ends at least once, however its server behaves."""
    times = [_most(probe) for probe in probes(plan)]
    return plan.interval + (sum(times) if isinstance(plan, Together) else max(times))


def longest_notice(plan: Polled, failurecount: int) -> float:
    """Return the most seconds between a server's death, of whatever kind, and the end of the check that takes it out.

    That is if the machine keeps up: a check is on time, and none waits for a place.
    """
    match plan:
        case Repeated(interval=interval):
            return interval + (failurecount - 1) * max(interval, _seconds(plan)) + _seconds(plan)
        case Together(interval=interval):
            # One check of the turn was passed already, and the others took all the time that they have.
            return failurecount * max(interval, _seconds(plan)) + _seconds(plan)
        case Alternating(interval=interval, connects=connects):
            negotiate = _most(plan.negotiate)
            again = max(interval, negotiate)
            # It still accepts connections, but says nothing; or it does not even accept them.
            mute = (connects + 1) * interval + (failurecount - 1) * again + negotiate
            connect = _most(plan.connect)
            if failurecount == 1:
                return max(mute, interval + connect)
            return max(mute, interval + max(interval, connect) + (failurecount - 2) * again + negotiate)
        case _:
            assert_never(plan)


def _seconds(plan: Repeated | Together) -> float:
    return sum(map(_most, probes(plan)))


def _most(probe: Probe) -> float:
    return probe.timeout * probe.attempts
