"""The last events, in memory, for those who ask and for those who follow."""

import asyncio
import sys
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from ldirectord_py.model.events import Event
from ldirectord_py.model.history import EventQuery, News, Recorded, Value
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.observers.events.event_table import KINDS, lines
from ldirectord_py.observers.events.log_line import LogLine, escaped

SIZE = 10_000
"""Events that are kept."""
_MOST_LINES = 1_000
"""Lines of one event that are kept: a file with more mistakes does not push everything else out."""
_AT_ONCE = 500
"""Events that a follower is handed at once, so that others have their turn before the next ones."""


_UNWRITTEN = 1_000
"""More events than a daemon may have told in the moment before it was killed, and not written."""


class EventRing:
    """Keeps the last *size* events; *boot* names this start of the daemon.

    Those who follow have no queue of their own: each knows the last event that it has seen, and finds the next ones
    here.  So a follower that stands still costs nothing; when it comes back too late it is told what it has lost.
    """

    def __init__(self, boot: str, *, size: int = SIZE, clock: Callable[[], float] = time.time) -> None:
        self._boot = boot
        self._clock = clock
        self._events: deque[Recorded] = deque(maxlen=size)
        self._last = 0
        self._gone = 0
        """The id of the last event that is kept no more."""
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def boot(self) -> str:
        """See `EventSource.boot`."""
        return self._boot

    @property
    def last(self) -> int:
        """See `EventSource.last`."""
        return self._last

    def observe(self, event: Event) -> None:
        """Take *event* in: an entry for each line that the log has for it, at whatever level; most have one."""
        told = lines(event)
        if not told:
            return
        kind, now = KINDS[type(event)], round(self._clock(), 6)
        for line in told if len(told) <= _MOST_LINES else (*told[: _MOST_LINES - 1], told[-1]):
            self._last += 1
            self._append(self._recorded(line, kind, now))
        if self._waiting:
            self._wake()

    def restore(self, events: Iterable[Recorded]) -> None:
        """Begin with *events* of earlier starts, in order; ids go on behind theirs.  To be called before all else.

        Some ids are left out, for those that an earlier start has given to events it could not write any more.
        """
        for event in events:
            self._last = event.id + _UNWRITTEN
            self._append(event)

    def find(self, query: EventQuery) -> Sequence[Recorded]:
        """See `EventSource.find`; takes 3 ms for all of them at most."""
        found = [event for event in self._behind(query.after) if query.matches(event)]
        if query.limit is None:
            return found
        return found[: query.limit] if query.after is not None else found[max(0, len(found) - query.limit) :]

    def follow(self, after: int | None = None) -> "Follower":
        """See `EventSource.follow`."""
        return Follower(self, self._last if after is None or after < 0 else after if after <= self._last else 0)

    def behind(self, seen: int) -> News:
        """Return the first events after the one with the id *seen*, if there are any."""
        events = tuple(islice(self._behind(seen), _AT_ONCE))
        return News(events, max(0, self._gone - seen) if events else 0)

    async def wait(self) -> None:
        """Wait until an event comes in."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        finally:
            if future in self._waiting:
                self._waiting.remove(future)

    def _behind(self, after: int | None) -> Iterable[Recorded]:
        """Return the events with a higher id than *after*, in order."""
        if after is None or after > self._last:
            return self._events
        return islice(self._events, bisect_right(self._events, after, key=lambda event: event.id), None)

    def _append(self, event: Recorded) -> None:
        if len(self._events) == self._events.maxlen:
            self._gone = self._events[0].id
        self._events.append(event)

    def _recorded(self, line: LogLine, kind: str, now: float) -> Recorded:
        fields: dict[str, Value] = {name: escaped(value) for name, value in line.fields.items()}
        return Recorded(
            id=self._last,
            boot=self._boot,
            time=now,
            event=kind,
            name=line.event,
            level=line.level.value,
            sentence=printable(line.message),
            virtual=_name(fields.pop("virtual", None)),
            real=_name(fields.pop("real", None)),
            fields=fields,
        )

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)


def _name(value: Value) -> str | None:
    """Return the name of a server, the same object for all events about it."""
    return sys.intern(value) if isinstance(value, str) else None


class Follower:
    """See `EventFollower`."""

    def __init__(self, ring: EventRing, seen: int) -> None:
        self._ring = ring
        self.seen = seen
        """The id of the last event that it was handed."""

    async def news(self) -> News:
        """See `EventFollower.news`."""
        while not (news := self._ring.behind(self.seen)).events:
            await self._ring.wait()
        self.seen = news.events[-1].id
        return news
