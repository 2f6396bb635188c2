"""What the last checks of each server found.  This is told of every check, so a success like the last one costs little.

Servers that are checked together share one log, until a reload or maintenance parts them.
"""

import asyncio
import sys
import time
from array import array
from collections.abc import Callable, Container, Iterator
from math import copysign, isnan, nan

from ldirectord_py.model.events import CheckDone, Event, Reloaded
from ldirectord_py.model.history import Exchange, ServerHistory
from ldirectord_py.model.outcome import Outcome, Reason, Verdict
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
    """What the last checks of *reals* found; *also* is the log of those that had another one before."""

    __slots__ = ("also", "asked", "count", "outcome", "past", "place", "reals", "recent", "since", "time", "up")

    def __init__(self, reals: tuple[RealKey, ...], also: "CheckLog | None") -> None:
        self.reals = reals
        self.also = also
        self.recent = _NOTHING[:]
        """Seconds, below 0 where a check failed; not a number where there has been none yet."""
        self.place = 0
        """Where the next one goes in `recent`."""
        self.past: tuple[Exchange, ...] = ()
        # What lasts, as in `Exchange`:
        self.since = self.time = 0.0
        self.outcome: Outcome | None = None
        self.up = False
        self.asked = ""
        self.count = 0

    def go_on_from(self, before: "CheckLog") -> None:
        """Take over what is known from *before*."""
        self.recent, self.place, self.past = before.recent[:], before.place, before.past
        self.since, self.time, self.outcome, self.up = before.since, before.time, before.outcome, before.up
        self.asked, self.count = before.asked, before.count

    def add(self, event: CheckDone, now: float) -> None:
        """Take in a check that ended *now*, in seconds since the epoch."""
        outcome, up = event.outcome, event.outcome.verdict is _UP
        if not (up and self.up) and (outcome != self.outcome or event.asked != self.asked):
            if (last := self.last) is not None:
                self.past = _kept((*self.past, last))
            self.since, self.count, self.up, self.outcome = now, 0, up, None
        if self.outcome is None or self.outcome.detail != outcome.detail:
            # Thousands of servers say the same, and one that fails says it again and again.
            self.outcome = Outcome(outcome.verdict, outcome.reason, sys.intern(outcome.detail))
        self.asked, self.time = event.asked, now
        self.count += 1
        self.recent[self.place] = event.seconds if up else -event.seconds
        self.place = (self.place + 1) % RECENT

    @property
    def last(self) -> Exchange | None:
        """What lasts."""
        if self.outcome is None:
            return None
        seconds = abs(self.recent[self.place - 1])
        return Exchange(self.since, self.time, seconds, self.outcome, self.asked, self.count)

    def shown(self) -> ServerHistory | None:
        """Return all of it as a value; None: there is nothing yet."""
        if (last := self.last) is None:
            return None
        taken = (*self.recent[self.place :], *self.recent[: self.place])
        recent = tuple(_rounded(seconds) for seconds in taken if not isnan(seconds))
        return ServerHistory((*self.past, last), recent, self.time)


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
        self._forgetting: Iterator[None] | None = None

    def observe(self, event: Event) -> None:
        """Take in what a check found, for all servers that share it; a server in maintenance is not checked."""
        if type(event) is not CheckDone:
            if type(event) is Reloaded:
                self._forgetting = self._forget()
                self._go_on_forgetting()
            return
        if not (reals := event.reals):
            return
        log = self._logs.get(reals[0])
        if log is None or log.reals is not reals:
            log = self._regroup(reals)
        now = self._clock()
        if log.up and event.outcome.verdict is _UP and log.also is None:
            # As almost always: what `add` does, without a call.
            if log.outcome is None or log.outcome.detail != event.outcome.detail:
                log.outcome = event.outcome
            log.asked = event.asked
            log.time = now
            log.count += 1
            place = log.place
            log.recent[place] = event.seconds
            log.place = place + 1 if place < RECENT - 1 else 0
        elif event.outcome.reason is not Reason.MAINTENANCE:
            each: CheckLog | None = log
            while each is not None:
                each.add(event, now)
                each = each.also

    def of(self, real: RealKey) -> ServerHistory | None:
        """See `ExchangeSource.of`."""
        log = self._logs.get(real)
        return None if log is None else log.shown()

    def _regroup(self, reals: tuple[RealKey, ...]) -> CheckLog:
        """Return the log of *reals*, which are asked together from now on: each goes on with what is known of it."""
        before = {id(log): log for log in map(self._logs.get, reals)}
        after: dict[int, CheckLog] = {}
        first: CheckLog | None = None
        for name, known in reversed(before.items()):
            first = after[name] = CheckLog(reals, first)
            if known is not None:
                first.go_on_from(known)
        for real in reals:
            self._logs[real] = after[id(self._logs.get(real))]
        return self._logs[reals[0]]

    def _forget(self) -> Iterator[None]:
        """Forget the servers that have left, with pauses."""
        reals = list(self._logs)
        for start in range(0, len(reals), _TURN):
            configured = self._configured()
            for real in reals[start : start + _TURN]:
                if real not in configured:
                    self._logs.pop(real, None)
            yield

    def _go_on_forgetting(self) -> None:
        if self._forgetting is not None and next(self._forgetting, self) is not self:
            asyncio.get_running_loop().call_soon(self._go_on_forgetting)
