"""Who was out when, in the last hour: a lane for each server that was not up all the time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldirectord_py.api.page.hour.past import Period, periods
from ldirectord_py.api.page.words import ShownMoment, count, moment
from ldirectord_py.model.text.moments import brief

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
    stretches: tuple[Stretch, ...]
    words: str
    """What the lane shows, for those who do not see it."""


@dataclass(slots=True)
class Ended:
    """A command, or a file in `maintenancedir`, that took servers out and does so no longer."""

    status: str
    because: str
    began: ShownMoment
    ended: ShownMoment
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
    """Servers that have no lane because there is no room."""
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
        return "The last minute" if self.length == SHORTEST else f"The last {brief(self.length)}"

    @property
    def axis(self) -> tuple[str, ...]:
        """Return how long ago the left edge is, and each quarter after it."""
        return tuple(brief(self.length * part / 4) for part in (4, 3, 2, 1))

    @property
    def count(self) -> int:
        """Return how many servers were not up all the time."""
        return len(self.lanes) + len(self.others) + self.more


class TimelineBuilder:
    """Takes in one server after the other, so that checks may have their turn in between."""

    def __init__(self, started: float, now: float) -> None:
        """Begin with a daemon that has *started* then: it knows nothing of the time before."""
        self._length = min(HOUR, max(SHORTEST, now - started))
        self._left = now - self._length
        self._started = started
        self._now = now
        self._found: list[_Hour] = []
        self._ended = _EndedCommands(now)

    def add(self, server: Mapping[str, Any], virtual: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Take in *server*, as it is now, of a *virtual* that is called so; its *events* oldest first, see `periods`.

        One that was up all the time has no lane.
        """
        if found := periods(server, events, max(self._left, self._started), self._now):
            self._found.append(_Hour(server, virtual, found))
            self._ended.add(self._found[-1])

    def timeline(self) -> Timeline:
        """Return the lanes, once everything has been taken in."""
        self._found.sort(key=lambda hour: hour.rank)
        lanes = [_lane(hour, self._left, self._now) for hour in self._found[:MOST_LANES]]
        return Timeline(
            tuple(lanes[:AT_FIRST]),
            tuple(lanes[AT_FIRST:]),
            max(0, len(self._found) - MOST_LANES),
            self._ended.newest(),
            round(self._length, 1),
            round(max(0.0, self._started - self._left), 1),
        )


@dataclass(frozen=True, slots=True)
class _Hour:
    """One server, and when it was not up."""

    server: Mapping[str, Any]
    virtual: str
    periods: Sequence[Period]

    @property
    def rank(self) -> tuple[bool, float, str]:
        """Those come first that are out, and then those that were so for longest."""
        out = sum(period.ended - period.began for period in self.periods)
        return self.server["status"] == "up", -round(out, 1), self.server["name"]


def by_server(events: Iterable[Mapping[str, Any]], now: float) -> dict[str, list[Mapping[str, Any]]]:
    """Return, by their full names, the servers to which something happened in the last hour, with all *events*."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for event in events:
        if event.get("real"):
            found.setdefault(f"{event['real']}@{event['virtual']}", []).append(event)
    return {name: about for name, about in found.items() if about[-1]["time"] >= now - HOUR and not _is_new(about)}


def _is_new(events: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether all that is told of a server is that it was up when it was first checked."""
    return len(events) == 1 and events[0]["name"] == "real_up" and events[0]["before"] in {"unknown", "adopted"}


def _lane(hour: _Hour, left: float, now: float) -> Lane:
    stretches = tuple(_stretch(period, left, now) for period in hour.periods)
    words = "; ".join(stretch.title for stretch in stretches)
    return Lane(hour.server["name"], hour.server["real"], hour.virtual, stretches, words)


def _stretch(period: Period, left: float, now: float) -> Stretch:
    began, ended = period.began, period.ended
    until = "now" if ended >= now else f"{moment(ended, now).clock} UTC"
    why = f": {period.because}" if period.because else ""
    title = f"{period.status} for {brief(ended - began)}, from {moment(began, now).clock} to {until}{why}"
    return Stretch(period.status, round(began - left, 1), round(ended - began, 1), title)


class _EndedCommands:
    """Gathers what has ended; a command that named a host or a virtual service is told once."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._found: dict[tuple[str, float, float], Ended] = {}

    def add(self, hour: _Hour) -> None:
        """Take in one server."""
        for period in hour.periods:
            if period.because and period.ended < self._now:
                self._add(hour, period)

    def _add(self, hour: _Hour, period: Period) -> None:
        key = (period.because, period.began // _TOGETHER, period.ended // _TOGETHER)
        if known := self._found.get(key):
            known.names.append(hour.server["name"])
            return
        began, ended = moment(period.began, self._now), moment(period.ended, self._now)
        names, real = [hour.server["name"]], hour.server["real"]
        self._found[key] = Ended(period.status, period.because, began, ended, names, real, hour.virtual)

    def newest(self) -> tuple[Ended, ...]:
        """Return the last ones that have ended."""
        return tuple(sorted(self._found.values(), key=lambda each: -each.ended.epoch)[:MOST_ENDED])
