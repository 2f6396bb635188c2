"""What a query string asks for, as values; what cannot be meant is refused in one sentence."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from ldirectord_py.api.problems import RequestRefused
from ldirectord_py.api.views.virtuals import VIEWS, VirtualsView
from ldirectord_py.model.snapshot import StatusWord
from ldirectord_py.model.text.escaping import printable

Query = Mapping[str, str]
MOST_EVENTS = 10_000
_LONGEST_NAME = 40
_LATEST = 2.0**53
"""Numbers up to here are whole in JSON, too (RFC 8259, §6)."""


def view_of(query: Query) -> VirtualsView:
    """Return which part of the virtual services is asked for."""
    detail = query.get("view", "full")
    if detail not in VIEWS:
        raise refused(f"view: expected one of {', '.join(VIEWS)}")
    words = frozenset(query["state"].split(",")) if "state" in query else frozenset[str]()
    if not words <= set(StatusWord):
        raise refused(f"state: expected some of {', '.join(StatusWord)}, with commas between them")
    return VirtualsView(detail=detail, words=words, text=query.get("filter", "").lower())


def number(query: Query, name: str, most: float = _LATEST) -> int | None:
    """Return the whole number that *name* is in *query*; None: it is not there."""
    if (text := query.get(name)) is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 16 or int(text) > most:
        raise refused(f"{name}: expected a whole number up to {most:.0f}")
    return int(text)


def moment(query: Query, name: str) -> float | None:
    """Return the seconds since the epoch that *name* is in *query*; None: it is not there."""
    if (text := query.get(name)) is None:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found <= _LATEST:
        raise refused(f"{name}: expected seconds since the epoch")
    return found


def kinds(query: Query) -> frozenset[str]:
    """Return the kinds of events that are asked for; empty: all."""
    return frozenset(filter(None, query.get("kind", "").split(",")))


def check_once(query: Sequence[str]) -> None:
    """Raise `RequestRefused` if one of the names in *query* stands there twice: nobody knows which of them is meant."""
    if len(set(query)) < len(query):
        twice = next(name for name, times in Counter(query).items() if times > 1)
        raise refused(f"{printable(twice[:_LONGEST_NAME])}: stands in the query more than once")


def refused(sentence: str) -> RequestRefused:
    """Return the refusal of a query."""
    return RequestRefused(HTTPStatus.BAD_REQUEST, sentence)
