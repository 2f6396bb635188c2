"""What has happened, and what checks have found, as it is kept to be looked at: values, and who can be asked for them.

Whoever shows them (the API, the status page) knows these values and the protocols, and nothing of how they are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ldirectord_py.model.checks.outcome import Outcome, code
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.text.escaping import printable

Value = str | int | float | bool | None | Sequence[str]
"""What a field of an event may be."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event as it was told: a line of the log, with its fields.

    All text in it is printable, whatever others wrote.  docs/events.md describes the JSON form, which is stable.
    """

    id: int
    """Grows by one from event to event; unique within *boot*."""
    boot: str
    """The start of the daemon that saw it, in random hexadecimal digits."""
    time: float
    """Seconds since the epoch."""
    event: str
    """Its kind, such as `health_changed`."""
    name: str
    """The name of the line, such as `real_down`: what the log has as `event`."""
    level: str
    """`debug`, `info`, `warning` or `error`."""
    sentence: str
    """As logged."""
    virtual: str | None
    """The virtual service that it is about, such as `tcp:10.0.0.1:80`; None: about no single one."""
    real: str | None
    """The real server within *virtual* that it is about, such as `10.0.0.5:80`; None: about no single one."""
    fields: Mapping[str, Value]
    """The other fields of the line."""

    @property
    def server(self) -> str | None:
        """The full name of the real server, such as `10.0.0.5:80@tcp:10.0.0.1:80`; None: it is about no single one."""
        return None if self.real is None else f"{self.real}@{self.virtual}"

    def as_json(self) -> dict[str, Value]:
        """Return its JSON form."""
        return {
            "id": self.id,
            "boot": self.boot,
            "time": self.time,
            "event": self.event,
            "name": self.name,
            "level": self.level,
            **({} if self.virtual is None else {"virtual": self.virtual}),
            **({} if self.real is None else {"real": self.real}),
            **self.fields,
            "sentence": self.sentence,  # the whole of it, also where the line has a part of it as a field
        }


ENVELOPE = ("id", "boot", "time", "event", "name", "level", "sentence")
"""What every event has in its JSON form; no field of a line but a `sentence` is called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events are asked for; what is empty or None leaves all of them in."""

    after: int | None = None
    """Those with a higher id.  An id that is yet to come is one of an earlier start, after which everything came."""
    since: float | None = None
    """Those from this moment on, in seconds since the epoch."""
    virtuals: frozenset[str] = frozenset()
    """Those about these virtual services and their real servers."""
    servers: frozenset[str] = frozenset()
    """Those about these real servers, by their full names; together with those of *virtuals*."""
    kinds: frozenset[str] = frozenset()
    """Those of these kinds, or whose line has one of these names."""
    limit: int | None = None
    """At most so many: the first of them if *after* is given, so that one can go on behind them; else the last."""
    _reals: frozenset[str] = field(init=False, compare=False, repr=False)
    """How the names in *servers* begin: thousands of events are looked at, and few are about any of them."""

    def __post_init__(self) -> None:
        """Take the names apart."""
        object.__setattr__(self, "_reals", frozenset(name.partition("@")[0] for name in self.servers))

    def matches(self, event: Recorded) -> bool:
        """Return whether *event* is asked for, as far as that is to be seen of itself: *after* and *limit* are not."""
        if self.since is not None and event.time < self.since:
            return False
        if self.kinds and event.event not in self.kinds and event.name not in self.kinds:
            return False
        if not self.virtuals and not self.servers:
            return True
        return event.virtual in self.virtuals or (event.real in self._reals and event.server in self.servers)


class News(NamedTuple):
    """What a follower has not seen yet."""

    events: Sequence[Recorded]
    """In order, at least one."""
    lost: int
    """So many before them are gone already: the follower has not kept up."""


class EventFollower(Protocol):
    """Is handed each event in order, when it asks; nobody waits for it, and it costs nothing while it does not ask."""

    async def news(self) -> News:
        """Return what has come since the last call, some hundred events at most; wait until there is any."""
        ...


class EventSource(Protocol):
    """The last events."""

    @property
    def boot(self) -> str:
        """The start of this daemon, in random hexadecimal digits."""
        ...

    @property
    def last(self) -> int:
        """The id of the last event; 0: there has been none."""
        ...

    def find(self, query: EventQuery) -> Sequence[Recorded]:
        """Return the events that *query* asks for, in order."""
        ...

    def follow(self, after: int | None = None) -> EventFollower:
        """Return what is handed the events after that with the id *after* (see `EventQuery.after`), or from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """What checks of one server found, once or several times in a row."""

    since: float
    """When the first of them ended, in seconds since the epoch."""
    time: float
    """When the last of them ended."""
    seconds: float
    """How long the last one took."""
    outcome: Outcome
    """What the last one found.  Failures differ if anything in it does; successes are all alike."""
    asked: str
    """What the last one asked; see `Probe.asked`."""
    count: int
    """How many they are."""

    def as_json(self) -> dict[str, Value]:
        """Return its JSON form."""
        outcome = self.outcome
        return {
            "since": self.since,
            "time": self.time,
            "seconds": round(self.seconds, 6),
            "verdict": outcome.verdict.value,
            "reason": outcome.reason.value,
            "code": code(outcome.reason, outcome.detail),
            "detail": printable(outcome.detail),
            "asked": printable(self.asked),
            "count": self.count,
        }


class ServerHistory(NamedTuple):
    """What the last checks of one server found."""

    exchanges: tuple[Exchange, ...]
    """In order; failures are kept longer than successes."""
    recent: tuple[float | None, ...]
    """The seconds that each of the last checks took, at most 30 of them, in order; None: it failed."""
    last: float
    """When the last check ended, in seconds since the epoch."""


class ExchangeSource(Protocol):
    """What the last checks of each server found."""

    def of(self, real: RealKey) -> ServerHistory | None:
        """Return what is known of *real*; None: it has not been checked."""
        ...
