"""Directives that are written and do nothing: the check that is carried out would be the same without them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ldirectord_py.checks.building.invalid_option import Misasked
from ldirectord_py.checks.registry import plan
from ldirectord_py.config.grammar.tree import Line
from ldirectord_py.config.lint.hopeless import hopeless
from ldirectord_py.config.lint.hopeless import subject as _subject
from ldirectord_py.config.lint.rule import Place, Sight
from ldirectord_py.model.asking import Asking, CheckType, Header, Subject
from ldirectord_py.model.config import Real
from ldirectord_py.model.service import AddressKey, Protocol

FIELDS = {
    "checkcommand": "checkcommand",
    "checkcount": "checkcount",
    "checkdevice": "checkdevice",
    "checkport": "checkport",
    "checksource": "checksource",
    "checkuser": "checkuser",
    "database": "database",
    "httpheader": "httpheaders",
    "httpmethod": "httpmethod",
    "httpstatus": "httpstatus",
    "login": "login",
    "passwd": "passwd",
    "receive": "receive",
    "request": "request",
    "secret": "secret",
    "virtualhost": "virtualhost",
}
"""Directives by name, and what they set in `Asking`.  Not here: timeouts, which stand in for each other, `service`,
which says what a virtual is for even where nobody negotiates, and those of TLS, which are told at every start."""


_OWN = {"request", "receive"}
"""What a real server may have of its own."""


@dataclass(slots=True)
class _Use:
    """One line that says something of checks, of one virtual or of several."""

    sentence: Callable[[], str]
    heeded: bool = False


def idle(sight: Sight) -> Iterator[tuple[int, str]]:
    """Yield each line that says how servers are checked, and that no check of the virtuals it is for heeds."""
    uses: dict[int, _Use] = {}
    for place in sight.places:
        for asking, lines in zip(place.askings, _said(place), strict=True):
            for line in lines:
                use = uses.setdefault(line.number, _Use(partial(_sentence, place, asking, line.name)))
                use.heeded = use.heeded or _heeded(place, asking, FIELDS[line.name])
        for real in place.virtual.reals:
            if real.request is not None and not _own_heeded(place, real):
                uses.setdefault(place.line_of(real), _Use(partial(_own_sentence, place)))
    for number, use in uses.items():
        if not use.heeded:
            yield number, use.sentence()


def _said(place: Place) -> Iterator[Sequence[Line]]:
    """Yield for each check of a virtual the lines that count for it, the last of each name."""
    own = [line for line in place.section.lines if line.name in FIELDS]
    several: list[Any] = [line.meant for line in place.section.lines if line.name == "checks" and line.meant]
    for lines in several[-1] if several else ((),):
        yield tuple({line.name: line for line in (*own, *lines) if line.name in FIELDS}.values())


def _sentence(place: Place, asking: Asking, name: str) -> str:
    if name in _OWN and all(getattr(real, name) is not None for real in place.virtual.reals):
        return f"{name}: this has no effect: every real server has its own"
    if needed := _needed(place, asking, FIELDS[name]):
        return f"{name}: this has no effect without {needed}"
    return f"{name}: this has no effect: {_how(place, asking)}"


def _own_sentence(place: Place) -> str:
    return f"real: its request and receive have no effect: {_how(place, place.virtual.asking)}"


def _how(place: Place, asking: Asking) -> str:
    """Return how a check is carried out that does not heed what was said."""
    key = place.virtual.key
    if asking.service == "none" and asking.checktype is CheckType.NEGOTIATE:
        return "checktype=negotiate without a service asks nothing"
    if asking.service == "none" and asking.checktype is CheckType.COMBINED:
        return f"checktype={asking.connects} without a service only connects"
    if asking.checktype is CheckType.CONNECT and isinstance(key, AddressKey) and key.protocol is Protocol.UDP:
        return "checktype=connect over UDP is a ping, which does not use it"
    service = "" if asking.service == "none" else f" with service={asking.service}"
    return f"checktype={asking.checktype}{service} does not use it"


def _needed(place: Place, asking: Asking, name: str) -> str:
    """Return the directive that is not there and without which *name* does not count."""
    subject = _subject(place, place.virtual.reals[0])
    for directive, field in FIELDS.items():
        if field != name and getattr(asking, field) == "":
            changed: Any = {field: "x"}
            if heeds(replace(asking, **changed), subject, name):
                return directive
    return ""


def _heeded(place: Place, asking: Asking, name: str) -> bool:
    """Return whether any server of the virtual would be asked otherwise if *asking* had something else as *name*.

    A check that can only say down heeds nothing: that it lacks something is told, and all else would count if it did
    not.
    """
    subjects = [_subject(place, real) for real in place.virtual.reals]
    if not subjects or any(hopeless(asking, subject) for subject in subjects):
        return True
    return any(heeds(asking, subject, name) for subject in subjects)


def heeds(asking: Asking, subject: Subject, name: str) -> bool:
    """Return whether *subject* would be asked otherwise if *asking* had something else as *name*."""
    changed: Any = {name: _other(getattr(asking, name))}
    return _differ((asking, subject), (replace(asking, **changed), subject))


def _own_heeded(place: Place, real: Real) -> bool:
    subject = _subject(place, real)
    other = replace(subject, request=f"{real.request}x", receive=f"{real.receive}x")
    return any(_differ((asking, subject), (asking, other)) for asking in place.askings)


def _differ(one: tuple[Asking, Subject], other: tuple[Asking, Subject]) -> bool:
    try:
        return plan(*one) != plan(*other)
    except Misasked:
        # Who finds fault with a value heeds it.
        return True


def _other(value: Any) -> Any:
    """Return something else of the kind of *value*."""
    match value:
        case str():
            return "HEAD" if value == "GET" else "GET" if value == "HEAD" else f"{value}x"
        case frozenset():
            return value ^ {599}
        case tuple():
            return (*value, Header("X-Other", "1"))
        case None:
            return value
        case _:
            return value + 1
