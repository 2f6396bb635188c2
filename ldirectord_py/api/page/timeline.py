"""Who was out when, in the last hour: a lane for each server that was not up all the time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ldirectord_py.api.page.words import moment, span

HOUR = 3600.0
SHORTEST = 60.0
"""Seconds that the picture shows at least; a daemon that has not run for an hour yet shows as much as it knows."""
MOST_LANES = 20
TRANSITIONS = {
    "real_down": "down",
    "real_up": "up",
    "real_adopted": "up",
    "real_unknown": "unknown",
    "maintenance_begun": "maintenance",
}
"""The names of events that tell of a server's new state, and that state."""


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


@dataclass(frozen=True, slots=True)
class Timeline:
    """The lanes, those first that are out or were so for longest."""

    lanes: tuple[Lane, ...]
    more: int
    """Servers that have no lane for want of room."""
    length: float
    """Seconds from the left edge to now: an hour, but for a daemon that has not run for so long."""
    began: float
    """Seconds from the left edge to the start of the daemon; 0: it ran all the time."""

    @property
    def title(self) -> str:
        """Return what is shown, in words."""
        return "The last hour" if self.length == HOUR else f"The last {span(self.length)}"

    @property
    def axis(self) -> tuple[str, ...]:
        """Return how long ago the left edge is, and each quarter after it."""
        return tuple(span(self.length * part / 4) for part in (4, 3, 2, 1))


@dataclass(slots=True)
class History:
    """What is known of one server: its present state and the changes before it."""

    name: str
    real: str
    virtual: str
    status: str
    since: float
    changes: list[tuple[float, str]] = field(default_factory=list)
    """Moments and the states that began with them, oldest first."""


def timeline(histories: Iterable[History], started: float, now: float) -> Timeline:
    """Return the lanes of *histories*; a server that was up all the time has none."""
    length = min(HOUR, max(SHORTEST, now - started))
    lanes = [lane for history in histories if (lane := _lane(history, started, now, now - length)).stretches]
    lanes.sort(key=lambda lane: (lane.status == "up", -lane.out, lane.name))
    began = max(0.0, started - (now - length))
    return Timeline(tuple(lanes[:MOST_LANES]), max(0, len(lanes) - MOST_LANES), round(length, 1), round(began, 1))


def changes(events: Iterable[Mapping[str, Any]], now: float) -> dict[str, list[tuple[float, str]]]:
    """Return, for each server that *events* tell a change of in the last hour, its moments and states."""
    found: dict[str, list[tuple[float, str]]] = {}
    for event in events:
        state = _state(event)
        if state and event["time"] >= now - HOUR and event.get("real"):
            found.setdefault(f"{event['real']}@{event['virtual']}", []).append((event["time"], state))
    return found


def _state(event: Mapping[str, Any]) -> str:
    return TRANSITIONS.get(event["name"], "")


def _lane(history: History, started: float, now: float, left: float) -> Lane:
    begins = max(left, started)
    known = [(min(time, now), state) for time, state in history.changes if time >= begins]
    if not known or known[-1][1] != history.status:  # nobody was told how it came to be as it is
        earliest = known[-1][0] if known else begins
        known.append((max(earliest, min(now, history.since)), history.status))
    stretches = []
    for number, (time, state) in enumerate(known):
        end = known[number + 1][0] if number + 1 < len(known) else now
        if state != "up" and end > time:
            stretches.append(_stretch(state, time, end, left, now))
    out = sum(stretch.width for stretch in stretches)
    return Lane(
        history.name,
        history.real,
        history.virtual,
        history.status,
        tuple(stretches),
        "; ".join(stretch.title for stretch in stretches),
        out,
    )


def _stretch(state: str, time: float, end: float, left: float, now: float) -> Stretch:
    until = "now" if end >= now else moment(end, now).clock
    title = f"{state} for {span(end - time)}, from {moment(time, now).clock} to {until}"
    return Stretch(state, round(time - left, 1), round(end - time, 1), title)
