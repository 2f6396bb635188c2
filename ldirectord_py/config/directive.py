"""What a directive is: one row of the table that the parsers, the builder and the documentation share."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Scope(StrEnum):
    """Where a directive may stand."""

    GLOBAL = "global"
    SECTION = "section"
    BOTH = "both"  # the section's value counts for its virtual, the global one for the others


class Unreadable(ValueError):
    """A value that a directive cannot take; the message says what was expected."""

    def __init__(self, expectation: str, *, complete: bool = False) -> None:
        self.complete = complete
        """The message needs neither the directive's own refusal nor the value beside it."""
        super().__init__(expectation)


class Void(ValueError):
    """A value that is accepted and says nothing, as the original has it; the message says why."""


@dataclass(frozen=True, slots=True)
class Reader(Generic[T_co]):
    """How the text behind `=` becomes a value, and the way back."""

    syntax: str
    """As the documentation shows it."""
    read: Callable[[str], T_co]
    """Raises `Unreadable` or `Void`."""
    write: Callable[[Any], str]
    """Returns a text that is read as the value: `read(write(value)) == value`, as far as such a text exists."""
    plain: str | None = None
    """A regular expression of the texts that mean what they seem to; others are read all the same, with a warning."""
    quoted: bool = False
    """The text is written in double quotes.  In YAML, which has quotes of its own, they are left out."""
    between: str | None = None
    """What stands between several values; in YAML they may also be a list."""
    schema: Mapping[str, Any] | None = None
    """What the value may be in YAML, as JSON Schema; None: any text."""

    def text_of(self, scalar: str) -> str:
        """Return the text behind `=` that says what *scalar* says in YAML."""
        return f'"{scalar}"' if self.quoted else scalar

    def scalar_of(self, value: object) -> str:
        """Return what says *value* in YAML."""
        text = self.write(value)
        return text[1:-1] if self.quoted else text


@dataclass(frozen=True, slots=True)
class Directive(Generic[T_co]):
    """One row."""

    name: str
    scope: Scope
    reader: Reader[T_co]
    default: T_co
    """In force where neither the section nor the global part says."""
    help: str
    refusal: str = ""
    """The original's words for a value that it refuses."""
    notice: str = ""
    """A warning that goes with every use."""
    bare: str | None = None
    """The value that the name alone stands for, with a warning; None: the name alone is no directive."""
    secret: bool = False
    """Its value is never shown."""
    repeated: bool = False
    """Each use counts, not only the last one."""

    def allowed(self, scope: Scope) -> bool:
        """Return whether the directive may stand in *scope*, which is GLOBAL or SECTION."""
        return self.scope in {scope, Scope.BOTH}


LONGEST_SHOWN = 80


def quoted(text: str) -> str:
    """Return *text* as messages show it: in quotes, shortened, with control characters made visible."""
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}...")


def shown(text: str) -> str:
    """Return *text* shortened and with control characters made visible, without quotes of our own."""
    return visible(text[:LONGEST_SHOWN])


def visible(text: str) -> str:
    """Return *text* as a whole, a path for instance, with control characters made visible."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def near(name: str, names: Iterable[str]) -> str:
    """Say which of *names* was probably meant by *name*."""
    found = difflib.get_close_matches(name.lower(), list(names), 1, 0.75) if len(name) < 40 else []
    return f"did you mean {found[0]}?" if found else "no directive has this name"
