"""What the last checks of each server found.  This is told of every check, so a success like the last one costs little.

Servers that are checked together share one log, until a reload or maintenance parts them.
"""

import asyncio
import time
from array import array
from collections.abc import Callable, Container, Iterator
from functools import lru_cache
from math import copysign, isnan, nan

from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.events import CheckDone, Reloaded
from ldirectord_py.model.history import Exchange, ServerHistory
from ldirectord_py.model.service import RealKey

RECENT = 30
"""Checks of which is kept how long they took."""
SUCCESSES, FAILURES = 8, 16
"""How many successes and failures are kept before the one that lasts, each once for all that are alike in a row."""
_TURN = 1_000
"""Servers that are looked at in one turn of the loop to see which have left: well below a millisecond."""
_NOTHING = array("f", [nan]) * RECENT

_UP = Verdict.UP


class CheckLog:
    """What the last checks of *reals* found, or of some of them: those that had no other log before."""

    __slots__ = ("asked", "before", "checks", "outcome", "past", "reals", "recent", "since", "time")

    def __init__(self, reals: tuple[RealKey, ...]) -> None:
        self.reals = reals
        self.recent = _NOTHING[:]
        """Seconds, below 0 where a check failed; not a number where there has been none yet."""
        self.checks = 0
        """How many there have been; the place of the next one in `recent` follows from it."""
        self.past: tuple[Exchange, ...] = ()
        # What lasts, as in `Exchange`:
        self.since = self.time = 0.0
        self.outcome: Outcome | None = None
        self.asked = ""
        self.before = 0
        """How many of `checks` came before what lasts."""

    def go_on_from(self, known: "CheckLog") -> None:
        """Take over what is *known* from another log."""
        self.recent, self.checks, self.past = known.recent[:], known.checks, known.past
        self.since, self.time, self.outcome = known.since, known.time, known.outcome
        self.asked, self.before = known.asked, known.before

    @property
    def up(self) -> bool:
        """Whether the last check found the servers serving."""
        return self.outcome is not None and self.outcome.verdict is _UP

    def add(self, event: CheckDone, now: float) -> None:
        """Take in a check that ended *now*, in seconds since the epoch."""
        outcome, up = event.outcome, event.outcome.verdict is _UP
        if not (up and self.up) and (outcome != self.outcome or event.asked != self.asked):
            if (last := self.last) is not None:
                self.past = _kept((*self.past, last))
            self.since, self.before, self.outcome = now, self.checks, None
        self.turn_out(outcome)
        self.asked, self.time = event.asked, now
        self.recent[self.checks % RECENT] = event.seconds if up else -event.seconds
        self.checks += 1

    def turn_out(self, outcome: Outcome) -> None:
        """Have *outcome* be the last one, unless it says the same."""
        if self.outcome is None or self.outcome.detail != outcome.detail:
            self.outcome = _shared(outcome)

    @property
    def last(self) -> Exchange | None:
        """What lasts."""
        if self.outcome is None:
            return None
        seconds = abs(self.recent[(self.checks - 1) % RECENT])
        return Exchange(self.since, self.time, seconds, self.outcome, self.asked, self.checks - self.before)

    def shown(self) -> ServerHistory | None:
        """Return all of it as a value; None: there is nothing yet."""
        if (last := self.last) is None:
            return None
        place = self.checks % RECENT
        taken = (*self.recent[place:], *self.recent[:place])
        recent = tuple(_rounded(seconds) for seconds in taken if not isnan(seconds))
        return ServerHistory((*self.past, last), recent, self.time)


@lru_cache(maxsize=256)
def _shared(outcome: Outcome) -> Outcome:
    """Return an outcome that is equal to *outcome*, for all to keep: thousands of servers say the same."""
    return outcome


def _rounded(seconds: float) -> float | None:
    return round(seconds, 6) if copysign(1.0, seconds) > 0 else None


def _kept(past: tuple[Exchange, ...]) -> tuple[Exchange, ...]:
    """Return the last of *past*, of successes and failures so many each."""
    left = {True: SUCCESSES, False: FAILURES}
    kept = []
    for exchange in reversed(past):
        up = exchange.outcome.verdict is _UP
        if left[up]:
            left[up] -= 1
            kept.append(exchange)
    return tuple(reversed(kept))


class Exchanges:
    """Has a log for each server that was checked; *configured* returns the servers that the configuration has."""

    def __init__(self, configured: Callable[[], Container[RealKey]], *, clock: Callable[[], float] = time.time) -> None:
        self._configured = configured
        self._clock = clock
        self._logs: dict[RealKey, CheckLog] = {}
        # The logs of those that share one and were up, by the identity of `CheckDone.reals`, which the log keeps alive:
        # hashing a key would cost more than all the rest.
        self._well: dict[int, CheckLog] = {}
        self._forgetting: Iterator[None] | None = None

    def check_done(self, event: CheckDone) -> None:
        """Take in what a check found, for all servers that share it; a server in maintenance is not checked."""
        reals, outcome, seconds, _, asked = event
        log = self._well.get(id(reals))
        if log is not None and (outcome is log.outcome or outcome.verdict is _UP):
            # As almost always: what `CheckLog.add` does, without a call.
            if outcome is not log.outcome:
                log.turn_out(outcome)
            log.asked = asked
            log.time = self._clock()
            checks = log.checks
            log.recent[checks % RECENT] = seconds
            log.checks = checks + 1
        elif reals and outcome.reason is not Reason.MAINTENANCE:
            self._add(event)

    def reloaded(self, _event: Reloaded) -> None:
        """Forget the servers that have left."""
        self._forgetting = self._forget()
        self._go_on_forgetting()

    def _add(self, event: CheckDone) -> None:
        """Take in a check that may have found something new."""
        reals, now = event.reals, self._clock()
        first = self._logs.get(reals[0])
        if first is None or first.reals is not reals:
            self._regroup(reals)
        logs = {id(log): log for log in map(self._logs.get, reals) if log is not None}
        for log in logs.values():
            log.add(event, now)
        if len(logs) == 1 and event.outcome.verdict is _UP:
            self._well[id(reals)] = log
        else:
            self._well.pop(id(reals), None)

    def of(self, real: RealKey) -> ServerHistory | None:
        """See `ExchangeSource.of`."""
        log = self._logs.get(real)
        return None if log is None else log.shown()

    def _regroup(self, reals: tuple[RealKey, ...]) -> None:
        """Have *reals* be asked together from now on; each goes on with what is known of it."""
        after: dict[int, CheckLog] = {}
        for real in reals:
            known = self._logs.get(real)
            if (log := after.get(id(known))) is None:
                log = after[id(known)] = CheckLog(reals)
                if known is not None:
                    log.go_on_from(known)
                    self._well.pop(id(known.reals), None)
            self._logs[real] = log

    def _forget(self) -> Iterator[None]:
        """Forget the servers that have left, with pauses."""
        reals = list(self._logs)
        for start in range(0, len(reals), _TURN):
            configured = self._configured()
            for real in reals[start : start + _TURN]:
                if real not in configured and (log := self._logs.pop(real, None)) is not None:
                    self._well.pop(id(log.reals), None)
            yield

    def _go_on_forgetting(self) -> None:
        if self._forgetting is not None and next(self._forgetting, self) is not self:
            asyncio.get_running_loop().call_soon(self._go_on_forgetting)
