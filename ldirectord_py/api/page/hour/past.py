"""How a server was in the last hour, from how it is now and the events that led there: what checks found, and commands.

Each event says what was before it, so the way back from the present is known also where older events are kept no more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ldirectord_py.api.page.rows import since as since_when

HEALTH = frozenset({"real_down", "real_up", "real_adopted", "real_unknown"})
FILES = frozenset({"maintenance_begun", "maintenance_ended"})
COMMANDS = frozenset({"admin_changed"})
"""The names of events that tell of a server's new state."""

_BRIEF = 0.05
"""Seconds: a server was in a state for less only on its way to another one."""
_UNTOLD = frozenset({"unknown", "checking"})
_GIVEN = {"drain": "drained", "maintenance": "in maintenance", "weight": "given a weight"}


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which a server was not up."""

    status: str
    began: float
    ended: float
    """In seconds since the epoch; now, if it goes on."""
    because: str
    """Who has said so, and why; empty: checks have."""


@dataclass(frozen=True, slots=True)
class _State:
    """What a status is made of."""

    health: str
    file: str | None
    """A file that keeps the server in maintenance, by its name."""
    admin: Mapping[str, Any] | None
    """A command in force: `admin` (its kind), `by`, `reason`, `weight` and `scope`, as far as they are known."""

    @property
    def status(self) -> str:
        """The API's word for it."""
        kind = self.admin["admin"] if self.admin else ""
        if self.file is not None or kind == "maintenance":
            return "maintenance"
        if kind == "drain" or (self.admin and self.admin["weight"] == 0):
            return "draining"
        return "checking" if self.health == "adopted" else self.health

    @property
    def because(self) -> str:
        """See `Period.because`."""
        if self.status not in {"maintenance", "draining"}:
            return ""
        if self.admin is None:
            return f"there was a file {self.file!r}"
        by = f" by {self.admin['by']}" if self.admin["by"] else ""
        scope = f", with all of {self.admin['scope']}" if self.admin["scope"] else ""
        reason = f": {self.admin['reason']}" if self.admin["reason"] else ""
        return f"{_GIVEN[self.admin['admin']]}{by}{scope}{reason}"

    def after(self, event: Mapping[str, Any]) -> "_State":
        """Return it with what *event* says came."""
        match event["name"]:
            case "admin_changed":
                return replace(self, admin=event if event["admin"] else None)
            case "maintenance_begun" | "maintenance_ended" as name:
                return replace(self, file=event["file"] if name == "maintenance_begun" else None)
            case _:
                return replace(self, health=event["after"])

    def before(self, event: Mapping[str, Any], older: Sequence[Mapping[str, Any]]) -> "_State":
        """Return it with what *event* says was; who had given a command is told by *older* events alone."""
        match event["name"]:
            case "admin_changed":
                return replace(self, admin=_given(event["before"], older) if event["before"] else None)
            case "maintenance_begun" | "maintenance_ended" as name:
                return replace(self, file=event["file"] if name == "maintenance_ended" else None)
            case _:
                return replace(self, health=event["before"])


def _given(kind: str, older: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the last command, which was of this *kind*, as the event of it tells it."""
    last = next((event for event in reversed(older) if event["name"] in COMMANDS), None)
    unknown = {"admin": kind, "by": "", "reason": "", "weight": None, "scope": ""}
    return last if last is not None and last["admin"] == kind else unknown


def periods(server: Mapping[str, Any], events: Sequence[Mapping[str, Any]], begins: float, now: float) -> list[Period]:
    """Return when *server*, as the API describes it, was not up between *begins* and *now*, oldest first.

    *events* are those about it, oldest first.
    """
    found: list[Period] = []
    for state, began, ended in _back(server, events, begins, now):
        status, because = state.status, state.because
        if status == "up" or ended <= began or (ended < now and ended - began < _BRIEF):
            continue
        newer = found[-1] if found else None
        if newer and (newer.began, newer.status, newer.because) == (ended, status, because):
            found[-1] = replace(newer, began=began)
        else:
            found.append(Period(status, began, ended, because))
    if found and found[-1].status in _UNTOLD and found[-1].began <= begins and found[-1].ended < now:
        found.pop()  # so begins the time of which we know
    return found[::-1]


def _back(
    server: Mapping[str, Any], events: Sequence[Mapping[str, Any]], begins: float, now: float
) -> Iterator[tuple[_State, float, float]]:
    """Yield the states that *server* was in, the newest first, each with its beginning and end."""
    state, end = _present(server), now
    since = max(begins, min(now, since_when(server)))
    for number in reversed(range(len(events))):
        event = events[number]
        time = min(event["time"], end)
        if time < begins:
            break
        told = state.after(event)
        if told.status != state.status:  # nobody was told how it came to be otherwise
            yield state, max(time, since), end
            end = max(time, since)
        yield told, time, end
        state, end, since = told.before(event, events[:number]), time, begins
    yield state, since, end


def _present(server: Mapping[str, Any]) -> _State:
    admin, health = server["admin"], server["state"]
    if health == "adopted" and server["status"] == "up":  # it is not checked
        health = "up"
    return _State(health, server["maintenance_file"], admin and {**admin, "admin": admin["kind"]})
