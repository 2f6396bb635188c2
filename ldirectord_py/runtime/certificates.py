"""Until when the certificates of the real servers are valid."""

import time
from collections.abc import Callable, Iterable, Mapping

from ldirectord_py.model.checks.check_plan import Always, CheckPlan, Never, Polled
from ldirectord_py.model.checks.probe import CheckTarget
from ldirectord_py.model.events import CertificateExpiring, CertificateSeen, Event
from ldirectord_py.model.service import RealKey
from ldirectord_py.system.turns import in_turns

SOON = 14 * 86400.0
"""Seconds before its end from which on a certificate is told of as expiring."""
PAUSE = 86400.0
"""Seconds from one telling of a server to the next."""
_ENTERED = 512
"""Plans that are looked at in one turn of the loop."""


class Certificates:
    """Keeps what was seen, by target, for as long as it is checked; tells of what is new, and of what ends soon."""

    def __init__(self, emit: Callable[[Event], None], *, clock: Callable[[], float] = time.time) -> None:
        self._emit = emit
        self._clock = clock
        self._reals: dict[CheckTarget, tuple[RealKey, ...]] = {}
        self._expires: dict[CheckTarget, float] = {}
        self._told: dict[tuple[RealKey, float], float] = {}
        """When a warning was last told of a server and an end: several checks of it may see several certificates."""

    def take(self, subscribers: Mapping[Polled, tuple[RealKey, ...]]) -> None:
        """Have *subscribers* be who is checked; forget everybody else."""
        reals: dict[CheckTarget, tuple[RealKey, ...]] = {}
        _enter(subscribers.items(), reals)
        self._keep(reals)

    async def follow(self, subscribers: Mapping[Polled, tuple[RealKey, ...]]) -> None:
        """Do the same in turns of the loop: what is seen of who is new counts once all are known."""
        reals: dict[CheckTarget, tuple[RealKey, ...]] = {}
        async for some in in_turns(list(subscribers.items()), _ENTERED):
            _enter(some, reals)
        self._keep(reals)

    def _keep(self, reals: dict[CheckTarget, tuple[RealKey, ...]]) -> None:
        self._reals = reals
        self._expires = {target: expires for target, expires in self._expires.items() if target in reals}
        served = {real for keys in reals.values() for real in keys}
        self._told = {place: when for place, when in self._told.items() if place[0] in served}

    def move(self, real: RealKey, old: CheckPlan, new: CheckPlan) -> None:
        """Have *real* be checked by *new* instead of *old*."""
        for target in _tls_targets(old):
            left = tuple(each for each in self._reals.get(target, ()) if each != real)
            if left:
                self._reals[target] = left
            else:
                self._reals.pop(target, None)
                self._expires.pop(target, None)
        for target in _tls_targets(new):
            self._reals[target] = (*self._reals.get(target, ()), real)

    def seen(self, target: CheckTarget, expires: float) -> None:
        """Take note that *target* shows a certificate that is valid until *expires* (seconds since the epoch)."""
        reals = self._reals.get(target, ())
        if not reals:  # it left with a reload while it was being asked
            return
        if self._expires.get(target) != expires:
            self._expires[target] = expires
            self._emit(CertificateSeen(reals, expires))
        now = self._clock()
        if (left := expires - now) > SOON:
            return
        for real in reals:
            told = self._told.get((real, expires))
            if told is None or now - told >= PAUSE:
                self._told[real, expires] = now
                self._emit(CertificateExpiring(real, expires, left))

    def expires(self, plan: CheckPlan) -> float | None:
        """Return until when the certificate is valid that *plan* has seen, the first to end of several.

        In seconds since the epoch; None where it has seen none.
        """
        if not self._expires:
            return None
        return min((self._expires[target] for target in _tls_targets(plan) if target in self._expires), default=None)


def _enter(
    subscribers: Iterable[tuple[Polled, tuple[RealKey, ...]]], reals: dict[CheckTarget, tuple[RealKey, ...]]
) -> None:
    for polled, keys in subscribers:
        for target in _tls_targets(polled):
            reals[target] = (*reals.get(target, ()), *keys)


def _tls_targets(plan: CheckPlan) -> set[CheckTarget]:
    """Return where *plan* speaks TLS."""
    if isinstance(plan, Always | Never):
        return set()
    targets = (probe.target for probe in plan.probes)
    return {target for target in targets if target is not None and target.tls is not None}
