"""What a line of the log is, before it has a format and a destination."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ldirectord_py.model.service import RealKey
from ldirectord_py.model.text.escaping import printable


class Level(StrEnum):
    """How much a line matters."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


Field = str | int | float | bool | None | Sequence[str]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log: a name and fields for programs, a message for people.

    `original`: the message is one that the original logs too, so that nothing may stand before it.
    """

    level: Level
    event: str
    message: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    original: bool = False


def escaped(value: Field) -> Field:
    """Return the value of a field with whatever text it has made printable."""
    match value:
        case str():
            return printable(value)
        case [*values]:
            return [printable(each) for each in values]
        case _:
            return value


def names_of(real: RealKey) -> dict[str, Field]:
    """Return the fields that name a real server."""
    return {"virtual": str(real.virtual), "real": str(real.real)}
