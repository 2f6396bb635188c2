"""Who was out when, in the last hour: a lane for each server that was not up all the time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldirectord_py.api.page.past import Period, periods
from ldirectord_py.api.page.words import Moment, count, moment, span

HOUR = 3600.0
SHORTEST = 60.0
"""Seconds that the picture shows at least; a daemon that has not run for an hour yet shows as much as it knows."""
MOST_LANES = 20
AT_FIRST = 8
"""So many lanes are shown unasked."""
MOST_ENDED = 10
_TOGETHER = 5.0
"""Seconds within which a command for several servers comes in force for all of them."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a server was not up, in seconds from the left edge."""

    status: str
    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One server's hour."""

    name: str
    real: str
    virtual: str
    status: str
    """As it is now."""
    stretches: tuple[Stretch, ...]
    words: str
    """What the lane shows, for those who do not see it."""
    out: float
    """Seconds for which it was not up."""


@dataclass(slots=True)
class Ended:
    """A command, or a file in `maintenancedir`, that took servers out and does so no longer."""

    status: str
    because: str
    began: Moment
    ended: Moment
    names: list[str]
    """Full names of the servers."""
    real: str
    virtual: str
    """One of them."""

    @property
    def subject(self) -> str:
        """Return whom it was about."""
        return self.real if len(self.names) == 1 else count(len(self.names), "server")


@dataclass(frozen=True, slots=True)
class Timeline:
    """The lanes, those first that are out or were so for longest."""

    lanes: tuple[Lane, ...]
    """Those that are shown unasked."""
    others: tuple[Lane, ...]
    more: int
    """Servers that have no lane for want of room."""
    ended: tuple[Ended, ...]
    """The newest first."""
    length: float
    """Seconds from the left edge to now: an hour, but for a daemon that has not run for so long."""
    began: float
    """Seconds from the left edge to the start of the daemon; 0: it ran all the time."""

    @property
    def title(self) -> str:
        """Return what is shown, in words."""
        if self.length == HOUR:
            return "The last hour"
        return "The last minute" if self.length == SHORTEST else f"The last {span(self.length)}"

    @property
    def axis(self) -> tuple[str, ...]:
        """Return how long ago the left edge is, and each quarter after it."""
        return tuple(span(self.length * part / 4) for part in (4, 3, 2, 1))

    @property
    def count(self) -> int:
        """Return how many servers were not up all the time."""
        return len(self.lanes) + len(self.others) + self.more


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one server."""

    server: Mapping[str, Any]
    """As it is now, as the API describes it."""
    virtual: str
    """What its virtual service is called."""
    events: Sequence[Mapping[str, Any]]
    """Those that tell of its states, oldest first; see `past.periods`."""


def timeline(histories: Iterable[History], started: float, now: float) -> Timeline:
    """Return the lanes of *histories*; a server that was up all the time has none."""
    length = min(HOUR, max(SHORTEST, now - started))
    left = now - length
    lanes, ended = [], _EndedCommands(now)
    for history in histories:
        found = periods(history.server, history.events, max(left, started), now)
        if found:
            lanes.append(_lane(history, found, left, now))
            ended.add(history, found)
    lanes.sort(key=lambda lane: (lane.status == "up", -lane.out, lane.name))
    began = max(0.0, started - left)
    shown, more = lanes[:MOST_LANES], max(0, len(lanes) - MOST_LANES)
    first, others = tuple(shown[:AT_FIRST]), tuple(shown[AT_FIRST:])
    return Timeline(first, others, more, ended.newest(), round(length, 1), round(began, 1))


def by_server(events: Iterable[Mapping[str, Any]], now: float) -> dict[str, list[Mapping[str, Any]]]:
    """Return, by their full names, the servers to which something happened in the last hour, with all *events*."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for event in events:
        if event.get("real"):
            found.setdefault(f"{event['real']}@{event['virtual']}", []).append(event)
    return {name: about for name, about in found.items() if about[-1]["time"] >= now - HOUR}


def _lane(history: History, found: Sequence[Period], left: float, now: float) -> Lane:
    server = history.server
    stretches = tuple(_stretch(period, left, now) for period in found)
    return Lane(
        server["name"],
        server["real"],
        history.virtual,
        server["status"],
        stretches,
        "; ".join(stretch.title for stretch in stretches),
        sum(stretch.width for stretch in stretches),
    )


def _stretch(period: Period, left: float, now: float) -> Stretch:
    began, ended = period.began, period.ended
    until = "now" if ended >= now else f"{moment(ended, now).clock} UTC"
    why = f": {period.because}" if period.because else ""
    title = f"{period.status} for {span(ended - began)}, from {moment(began, now).clock} to {until}{why}"
    return Stretch(period.status, round(began - left, 1), round(ended - began, 1), title)


class _EndedCommands:
    """Gathers what has ended; a command that named a host or a virtual service is told once."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._found: dict[tuple[str, float, float], Ended] = {}

    def add(self, history: History, found: Iterable[Period]) -> None:
        """Take in one server's hour."""
        for period in found:
            if period.because and period.ended < self._now:
                self._add(history, period)

    def _add(self, history: History, period: Period) -> None:
        key = (period.because, period.began // _TOGETHER, period.ended // _TOGETHER)
        if known := self._found.get(key):
            known.names.append(history.server["name"])
            return
        began, ended = moment(period.began, self._now), moment(period.ended, self._now)
        names, real = [history.server["name"]], history.server["real"]
        self._found[key] = Ended(period.status, period.because, began, ended, names, real, history.virtual)

    def newest(self) -> tuple[Ended, ...]:
        """Return the last ones that have ended."""
        return tuple(sorted(self._found.values(), key=lambda each: -each.ended.epoch)[:MOST_ENDED])
