"""When which probe of a server is due, and what several of them amount to.

A plan is carried out in steps from 0 on.  All that have probes answer the same questions: which they are (`probes`),
which is due (`probe_at`), what follows (`step_after`), what it amounts to (`verdict`), and how long that takes
(`period`, `longest_notice`).
"""

from dataclasses import dataclass, replace

from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Verdict
from ldirectord_py.model.checks.probe import Probe
from ldirectord_py.model.hashing import HashedOnce


@dataclass(frozen=True, slots=True, kw_only=True)
class Always:
    """No check: the server counts as up (`checktype=on`, `service=none`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """No check: the server keeps the place that it had in the table when we came (`checktype=off`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated(HashedOnce):
    """The same probe again and again."""

    __hash__ = HashedOnce.__hash__

    probe: Probe
    interval: float
    """Seconds from one start to the next."""

    @property
    def probes(self) -> tuple[Probe, ...]:
        """All probes."""
        return (self.probe,)

    @property
    def period(self) -> float:
        """Seconds within which it ends at least once, however its server behaves."""
        return self.interval + self.probe.most_seconds

    def probe_at(self, step: int) -> Probe:  # noqa: ARG002  # every plan is asked alike
        """Return the probe that is due at *step*."""
        return self.probe

    def step_after(self, step: int, outcome: Outcome) -> int:  # noqa: ARG002  # every plan is asked alike
        """Return the step that follows *step* once its probe ended with *outcome*."""
        return 0

    def verdict(self, step: int, outcome: Outcome) -> Outcome | None:  # noqa: ARG002  # every plan is asked alike
        """Return what the turn amounts to once *step* ended with *outcome*."""
        return outcome

    def longest_notice(self, failurecount: int) -> float:
        """Return the most seconds from a server's death, of whatever kind, to the end of the check that takes it out.

        That is if the machine keeps up: a check is on time, and none waits for a place.
        """
        seconds = self.probe.most_seconds
        return self.interval + (failurecount - 1) * max(self.interval, seconds) + seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternating(HashedOnce):
    """`checktype=N`: one negotiate, then N connects while all goes well; after any failure negotiate again.

    A fault of ours repeats the step.
    """

    __hash__ = HashedOnce.__hash__

    negotiate: Probe
    connect: Probe
    connects: int
    interval: float

    @property
    def probes(self) -> tuple[Probe, ...]:
        """All probes."""
        return (self.negotiate, self.connect)

    @property
    def period(self) -> float:
        """Seconds within which it ends at least once, however its server behaves."""
        return self.interval + max(self.negotiate.most_seconds, self.connect.most_seconds)

    def probe_at(self, step: int) -> Probe:
        """Return the probe that is due at *step*: it negotiates at 0 and connects at 1 to N."""
        return self.connect if step else self.negotiate

    def step_after(self, step: int, outcome: Outcome) -> int:
        """Return the step that follows *step* once its probe ended with *outcome*."""
        if outcome.verdict is Verdict.FAULT:
            return step
        return 0 if outcome.verdict is Verdict.DOWN or step >= self.connects else step + 1

    def verdict(self, step: int, outcome: Outcome) -> Outcome | None:  # noqa: ARG002  # every plan is asked alike
        """Return what the turn amounts to once *step* ended with *outcome*."""
        return outcome

    def longest_notice(self, failurecount: int) -> float:
        """See `Repeated.longest_notice`."""
        negotiate, connect = self.negotiate.most_seconds, self.connect.most_seconds
        again = max(self.interval, negotiate)
        # It still accepts connections, but says nothing; or it does not even accept them.
        mute = (self.connects + 1) * self.interval + (failurecount - 1) * again + negotiate
        if failurecount == 1:
            return max(mute, self.interval + connect)
        return max(mute, self.interval + max(self.interval, connect) + (failurecount - 2) * again + negotiate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Together(HashedOnce):
    """Several probes in one turn, one after the other: the server is up if all of them find it so."""

    __hash__ = HashedOnce.__hash__

    probes: tuple[Probe, ...]
    interval: float
    """Seconds from one turn's start to the next."""

    @property
    def period(self) -> float:
        """Seconds within which it ends at least once, however its server behaves."""
        return self.interval + self._seconds

    def probe_at(self, step: int) -> Probe:
        """Return the probe that is due at *step*."""
        return self.probes[step]

    def step_after(self, step: int, outcome: Outcome) -> int:
        """Return the step that follows *step* once its probe ended with *outcome*: what is not up ends the turn."""
        return step + 1 if outcome.verdict is Verdict.UP and step + 1 < len(self.probes) else 0

    def verdict(self, step: int, outcome: Outcome) -> Outcome | None:
        """Return what the turn amounts to once *step* ended with *outcome*; None: the next step follows at once."""
        if outcome.verdict is not Verdict.UP:
            told = f"check {step + 1} of {len(self.probes)}: {outcome.detail}"
            return replace(outcome, detail=told[:LONGEST_DETAIL])
        return outcome if step + 1 == len(self.probes) else None

    def longest_notice(self, failurecount: int) -> float:
        """See `Repeated.longest_notice`; one check of the turn was passed already, the others took all their time."""
        return failurecount * max(self.interval, self._seconds) + self._seconds

    @property
    def _seconds(self) -> float:
        return sum(probe.most_seconds for probe in self.probes)


Polled = Repeated | Alternating | Together
CheckPlan = Always | Never | Polled
