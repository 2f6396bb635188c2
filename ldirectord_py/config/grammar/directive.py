"""What a directive is: one row of the table that the parsers, the builder and the documentation share."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address
from typing import Any, Generic, TypeVar

from ldirectord_py.model.text.escaping import printable

T_co = TypeVar("T_co", covariant=True)

_LARGEST_PORT = 65535


class Scope(StrEnum):
    """Where a directive may stand."""

    GLOBAL = "global"
    SECTION = "section"
    BOTH = "both"  # the section's value counts for its virtual, the global one for the others


class Unreadable(ValueError):
    """A value that a directive cannot take; the message says what was expected."""

    def __init__(self, expectation: str, *, complete: bool = False, alone: bool = False, about: str = "") -> None:
        self.complete = complete or alone or bool(about)
        """The message needs neither the directive's own refusal nor the value in addition."""
        self.alone = alone
        """The message names the directive itself."""
        self.about = about
        """What stands behind the directive's name: which of several servers is meant."""
        super().__init__(expectation)

    def told(self, name: str) -> str:
        """Return the message on the directive *name*."""
        if self.alone:
            return str(self)
        return f"{name} {self.about}: {self}" if self.about else f"{name}: {self}"


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
    instead: str = ""
    """The directive is refused wherever it stands; what to write instead."""

    def allowed(self, scope: Scope) -> bool:
        """Return whether the directive may stand in *scope*, which is GLOBAL or SECTION."""
        return self.scope in {scope, Scope.BOTH}


LONGEST_SHOWN = 80
_USERINFO = re.compile(r"//[^/@\s]+@")
"""Who logs in, and often the password, in a URL."""


def quoted(text: str) -> str:
    """Return *text* as messages show it: printable, shortened, between apostrophes."""
    text = _USERINFO.sub("//***@", text)
    shortened = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."
    return f"'{printable(shortened)}'"


def shown(text: str) -> str:
    """Return *text* as messages show it: printable and shortened, without quotes of our own."""
    return printable(_USERINFO.sub("//***@", text)[:LONGEST_SHOWN])


def near(name: str, names: Collection[str]) -> str:
    """Say which of *names* was probably meant by *name*."""
    return _similar(name, names) or "no directive has this name"


def unknown_word(what: str, word: str, names: Collection[str]) -> str:
    """Say that *word* is none of *names*, which are *what*, and which of them was probably meant."""
    expected = f"expected {', '.join(names)}"
    return f'unknown {what} "{shown(word)}": {_similar(word, names) or expected}'


def no_port(word: str, *, named: bool = True) -> str:
    """Say that *word* is no port; *named*: names of ports may be written as well."""
    if word.isdecimal():
        return f"{shown(word)} is no port (1 to 65535)"
    return f'"{shown(word)}" is no port ({"" if not named else "a name of /etc/services, or "}1 to 65535)'


def in_brackets(word: str) -> str:
    """Return how *word*, an IPv6 address without brackets, is to be written, with its port or one as an example."""
    address, _, port = word.rpartition(":")
    if port.isdecimal() and 0 < int(port) <= _LARGEST_PORT and _is_ipv6(address):
        return f"[{address}]:{port}"
    return f"[{word}]:80"


def _is_ipv6(word: str) -> bool:
    try:
        IPv6Address(word)
    except ValueError:
        return False
    return True


def no_host(host: str, family: int) -> str:
    """Say why *host*, which could not be resolved, is none."""
    if family == 4 and host.startswith("["):
        return f"{shown(host)} is an IPv6 address, which belongs to a virtual6"
    if family == 6 and ":" in host and not host.startswith("["):
        return (
            f"an IPv6 address stands in brackets, as in {in_brackets(host) if _is_ipv6(host) else '[2001:db8::1]:80'}"
        )
    if range_ := re.fullmatch(r"([0-9]+(?:\.[0-9]+){3})-([0-9]+(?:\.[0-9]+){3})", host):
        return f"a range is written with an arrow, as in {range_[1]}->{range_[2]}"
    if re.fullmatch(r"[0-9.]+", host) or (family == 6 and host.startswith("[")):
        return f"{shown(host)} is no IPv{family} address"
    return f'the name "{shown(host)}" has no IPv{family} address that could be found'


def _similar(word: str, names: Collection[str]) -> str:
    if len(word) >= 40:
        return ""
    swapped = [name for name in names if sorted(name) == sorted(word.lower())]
    found = swapped or difflib.get_close_matches(word.lower(), list(names), 1, 0.75)
    return f"did you mean {found[0]}?" if found else ""
