"""Faults of ours that last: the director has learned nothing of a server for longer than it may."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from ldirectord_py.engine.health import counted
from ldirectord_py.model.checking import Polled
from ldirectord_py.model.events import Event, FaultLasts
from ldirectord_py.model.health import FaultRules
from ldirectord_py.model.outcome import Outcome, Verdict
from ldirectord_py.model.service import RealKey


@dataclass(slots=True)
class _Fault:
    since: float
    told: float
    """When it was last told of, or else since when there is something to tell."""


class LastingFaults:
    """Keeps since when the checks of whom have ended in nothing but faults, and tells of it at each `faultlimit`."""

    def __init__(self, emit: Callable[[Event], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._emit = emit
        self._clock = clock
        self._rules = FaultRules()
        self._faults: dict[Polled, _Fault] = {}

    def __bool__(self) -> bool:
        """Return whether any lasts."""
        return bool(self._faults)

    def take(self, rules: FaultRules, polled: Collection[Polled]) -> None:
        """Have *rules* be in force and *polled* be who is checked; forget everybody else."""
        self._rules = rules
        kept = polled if rules.limit else ()
        self._faults = {plan: fault for plan, fault in self._faults.items() if plan in kept}

    def forget(self, plans: Iterable[Polled]) -> None:
        """Forget the faults of *plans*, which have ended."""
        for plan in plans:
            self._faults.pop(plan, None)

    def counted(self, polled: Polled, outcome: Outcome, subscribers: Mapping[Polled, tuple[RealKey, ...]]) -> Outcome:
        """Take note of an *outcome* of *polled*, and return what it counts as."""
        if outcome.verdict is not Verdict.FAULT:
            self._faults.pop(polled, None)
            return outcome
        if not self._rules.limit or (reals := subscribers.get(polled)) is None:
            return outcome
        now = self._clock()
        fault = self._faults.setdefault(polled, _Fault(now, now))
        if now - fault.told >= self._rules.limit:
            fault.told = now
            for real in reals:
                self._emit(FaultLasts(real, outcome, now - fault.since, down=self._rules.down))
        return counted(outcome, now - fault.since, self._rules)
