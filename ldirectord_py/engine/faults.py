"""Faults of ours that last: the director has learned nothing of a server for longer than it may."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ldirectord_py.engine.belief import FaultBelief
from ldirectord_py.engine.health import counted
from ldirectord_py.model.checks.check_plan import Polled
from ldirectord_py.model.checks.outcome import Outcome, Verdict
from ldirectord_py.model.events import FaultLasts
from ldirectord_py.model.health import FaultRules
from ldirectord_py.model.service import RealKey


@dataclass(slots=True)
class _Fault:
    since: float
    told: float
    """When it was last told of, or else since when there is something to tell."""


class LastingFaults:
    """Remembers since when a plan's checks have only ended in faults, and tells of it each time `faultlimit` passes."""

    def __init__(self) -> None:
        self._rules = FaultRules()
        self._faults: dict[Polled, _Fault] = {}

    def __bool__(self) -> bool:
        """Return whether any lasts."""
        return bool(self._faults)

    def belief(self) -> tuple[FaultBelief, ...]:
        """Return those that last, as values."""
        return tuple(FaultBelief(plan, fault.since, fault.told) for plan, fault in self._faults.items())

    def restore(self, rules: FaultRules, faults: Iterable[FaultBelief]) -> None:
        """Have *rules* be in force, and *faults* last."""
        self._rules = rules
        self._faults = {known.plan: _Fault(known.since, known.told) for known in faults}

    def take(self, rules: FaultRules, polled: Collection[Polled]) -> None:
        """Have *rules* be in force and *polled* be who is checked; forget everybody else."""
        self._rules = rules
        kept = polled if rules.limit else ()
        self._faults = {plan: fault for plan, fault in self._faults.items() if plan in kept}

    def forget(self, plans: Iterable[Polled]) -> None:
        """Forget the faults of *plans*, which have ended."""
        for plan in plans:
            self._faults.pop(plan, None)

    def counted(
        self, polled: Polled, outcome: Outcome, subscribers: Mapping[Polled, tuple[RealKey, ...]], now: float
    ) -> tuple[Outcome, list[FaultLasts]]:
        """Take note of an *outcome* of *polled*; return what it counts as, and what is to be told of it.

        *now* is in seconds that never jump.
        """
        if outcome.verdict is not Verdict.FAULT:
            self._faults.pop(polled, None)
            return outcome, []
        if not self._rules.limit or (reals := subscribers.get(polled)) is None:
            return outcome, []
        fault = self._faults.setdefault(polled, _Fault(now, now))
        told: list[FaultLasts] = []
        if now - fault.told >= self._rules.limit:
            fault.told = now
            told = [FaultLasts(real, outcome, now - fault.since, down=self._rules.down) for real in reals]
        return counted(outcome, now - fault.since, self._rules), told
