"""Events as lines of JSON, and what is read of such lines again."""

import json
import math
from collections.abc import Iterable
from typing import Any, NamedTuple, NoReturn

from ldirectord_py.model.history import ENVELOPE, Recorded, Value
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.observers.events.log_line import escaped

_LARGEST = 2**52
"""Ids that JavaScript counts in whole numbers, with room above them."""
_TEXTS = ("boot", "event", "name", "level", "sentence")


class ReadBack(NamedTuple):
    """What was found in a history file."""

    events: tuple[Recorded, ...]
    """In order, with ids that grow."""
    broken: int
    """So many lines were none of ours."""


def encoded(event: Recorded) -> bytes:
    """Return *event* as a line, in ASCII."""
    return json.dumps(event.as_json(), separators=(",", ":")).encode("ascii") + b"\n"


def read_back(lines: Iterable[bytes]) -> ReadBack:
    """Return the events of *lines*.

    Where ids begin anew, as if the file could not be read at a start, they are counted on.
    """
    events: list[Recorded] = []
    broken = last = 0
    for line in lines:
        try:
            event = _decoded(json.loads(line, parse_constant=_refuse), last)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            broken += 1
        else:
            events.append(event)
            last = event.id
    return ReadBack(tuple(events), broken)


def _decoded(found: dict[str, Any], last: int) -> Recorded:
    """Return the event *found*, with an id above *last*; raise `ValueError` and the like if it is none."""
    number, time = found["id"], found["time"]
    if type(number) is not int or not 0 < number < _LARGEST or not math.isfinite(time):
        raise ValueError("no event")
    texts = {name: _text(found[name]) for name in _TEXTS}
    fields = {name: _field(value) for name, value in found.items() if name not in {*ENVELOPE, "virtual", "real"}}
    virtual, real = (None if (name := found.get(which)) is None else _text(name) for which in ("virtual", "real"))
    return Recorded(id=max(number, last + 1), time=time, virtual=virtual, real=real, fields=fields, **texts)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return printable(value)


def _field(value: object) -> Value:
    match value:
        case float() if not math.isfinite(value):
            raise ValueError("no number")
        case str() | int() | float() | None:
            return escaped(value)
        case [*texts]:
            return [_text(each) for each in texts]
        case _:
            raise TypeError("no field")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
