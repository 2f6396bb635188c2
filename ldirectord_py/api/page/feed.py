"""What happened, as a list of sentences, the newest first.  `files/page.js` adds to it by the same rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldirectord_py.api.page.words import Moment, moment

LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error"}


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One event."""

    number: int
    at: Moment
    level: str
    sentence: str
    server: str
    """Whom it is about; empty: no single server."""


def feed(events: Sequence[Mapping[str, Any]], now: float, most: int) -> tuple[FeedLine, ...]:
    """Return the last of *events*, which come oldest first."""
    return tuple(_line(event, now) for event in reversed(events[-most:]))


def _line(event: Mapping[str, Any], now: float) -> FeedLine:
    real, virtual = event.get("real"), event.get("virtual")
    server = f"{real}@{virtual}" if real and virtual else ""
    level = LEVELS.get(event["level"], "info")
    return FeedLine(event["id"], moment(event["time"], now), level, event["sentence"], server)
