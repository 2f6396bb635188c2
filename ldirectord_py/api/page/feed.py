"""What happened, as a list of sentences, the newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldirectord_py.api.page.words import ShownMoment, moment

_MARKS = {
    "real_up": "up",
    "real_down": "down",
    "real_unknown": "unknown",
    "real_adopted": "checking",
    "maintenance_begun": "maintenance",
    "fallback_activated": "fallback",
    "virtual_served": "up",
    "virtual_unserved": "virtual",
}
_COMMANDS = {"drain": "draining", "maintenance": "maintenance"}
_CONSEQUENCES = frozenset({"table_changed", "soft_failures_reset"})
"""The names of what follows upon what is told already."""


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One event."""

    number: int
    at: ShownMoment
    level: str
    """`warning`, `error`, or empty."""
    mark: str
    """A status or another word of `Problem.kind`; empty: nothing of note."""
    server: str
    """Whom it is about, by the full name; empty: no single server."""
    real: str
    virtual: str
    text: str
    """The sentence, without the server that it begins with and the question that was asked of it."""


def feed(
    events: Sequence[Mapping[str, Any]], now: float, most: int, *, consequences: bool = False
) -> tuple[FeedLine, ...]:
    """Return the last of *events*, which come oldest first; *consequences*: what is written to the table too."""
    told = [event for event in events if event["level"] != "debug"]
    if not consequences:
        told = [event for event in told if event["name"] not in _CONSEQUENCES]
    return tuple(_line(event, now) for event in reversed(told[-most:]))


def _line(event: Mapping[str, Any], now: float) -> FeedLine:
    real, virtual = event.get("real") or "", event.get("virtual") or ""
    level = event["level"] if event["level"] in {"warning", "error"} else ""
    begins = f"Real server {real} ({virtual}) "
    named = bool(real) and event["sentence"].startswith(begins)
    text = event["sentence"].removeprefix(begins) if named else event["sentence"]
    question = f"{event['asked']}: " if event.get("asked") else ""
    return FeedLine(
        event["id"],
        moment(event["time"], now),
        level,
        _mark(event) or level,
        f"{real}@{virtual}" if real and virtual else "",
        real if named else "",
        virtual.removeprefix("tcp:") if named else "",
        text.replace(question, "", 1) if named else text,
    )


def _mark(event: Mapping[str, Any]) -> str:
    if event["name"] == "admin_changed":
        return _COMMANDS.get(event["admin"], "")
    return _MARKS.get(event["name"], "")
