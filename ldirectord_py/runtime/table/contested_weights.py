"""Weights that several programs set by hand against one another, where a weight by hand is respected."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ldirectord_py.model.events import Event, WeightContested
from ldirectord_py.model.service import RealKey

QUIET_SECONDS = 300.0
"""After so long without another weight a dispute is over: jobs that set weights run once a minute or so."""
_ENOUGH = 4
"""So many weights in a row, of which each of two is there twice, are a dispute."""


@dataclass(slots=True)
class _Seen:
    """What has been set of one server, the latest last."""

    at: float
    weights: list[int] = field(default_factory=list)
    is_told: bool = False


class ContestedWeights:
    """Tells once, until there is a pause, that the weight of a server goes to and fro between two."""

    def __init__(self, emit: Callable[[Event], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._emit = emit
        self._clock = clock
        self._seen: dict[RealKey, _Seen] = {}
        """The server that was seen the longest ago comes first."""

    def note(self, real: RealKey, weight: int) -> None:
        """Take note that somebody else has given *real* another *weight*."""
        now = self._clock()
        self._forget_before(now - QUIET_SECONDS)
        seen = self._seen.pop(real, None) or _Seen(now)
        self._seen[real] = seen
        seen.at = now
        seen.weights = [*seen.weights, weight][-_ENOUGH:]
        if not seen.is_told and _to_and_fro(seen.weights):
            seen.is_told = True
            self._emit(WeightContested(real, (seen.weights[0], seen.weights[1])))

    def _forget_before(self, moment: float) -> None:
        while self._seen:
            real, seen = next(iter(self._seen.items()))
            if seen.at > moment:
                return
            del self._seen[real]


def _to_and_fro(weights: Sequence[int]) -> bool:
    return len(weights) == _ENOUGH and weights[0] != weights[1] and weights[:2] == weights[2:]
