"""Checks that we cannot carry out: told when that is new, and when it is over."""

from collections.abc import Iterator

from ldirectord_py.model.checks.outcome import Verdict
from ldirectord_py.model.events import CheckDone
from ldirectord_py.model.service import RealKey
from ldirectord_py.observers.events.lines.checks import fault_over, faulted
from ldirectord_py.observers.events.log_line import LogLine


class FaultLines:
    """Is to be handed every outcome while there are faults."""

    def __init__(self) -> None:
        self.lasting: dict[RealKey, str] = {}
        """The faults that have been told, by server; looked at for each check."""

    def clear(self) -> None:
        """Forget what has been told; what lasts is told once more."""
        self.lasting.clear()

    def told(self, event: CheckDone) -> Iterator[LogLine]:
        """Yield what is to be told of faults that are new, and of faults that are over."""
        outcome = event.outcome
        for real in event.reals:
            if outcome.verdict is Verdict.FAULT:
                if self.lasting.get(real) != outcome.detail:
                    self.lasting[real] = outcome.detail
                    yield faulted(real, event)
            elif self.lasting.pop(real, None) is not None:
                yield fault_over(real)
