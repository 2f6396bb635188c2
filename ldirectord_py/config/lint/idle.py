"""Directives that are written and do nothing: the check that is carried out would be the same without them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.registry import plan
from ldirectord_py.config.grammar.tree import Line
from ldirectord_py.config.lint.hopeless import hopeless
from ldirectord_py.config.lint.hopeless import subject as _subject
from ldirectord_py.config.lint.rule import Context, LintedVirtual
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions, CheckType, Header
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
"""Directives by name, and what they set in `CheckOptions`.

Not here: timeouts, which stand in for each other, `service`, which says what a virtual is for even where nobody
negotiates, and those of TLS, which are told at every start.
"""


_OWN = {"request", "receive"}
"""What a real server may have of its own."""


@dataclass(slots=True)
class _Use:
    """One line that says something of checks, of one virtual or of several."""

    sentence: Callable[[], str]
    heeded: bool = False


def idle(context: Context) -> Iterator[tuple[int, str]]:
    """Yield each line that says how servers are checked, and that no check of the virtuals it is for heeds."""
    uses: dict[int, _Use] = {}
    for place in context.places:
        for options, lines in zip(place.all_options, _said(place), strict=True):
            for line in lines:
                use = uses.setdefault(line.number, _Use(partial(_sentence, place, options, line.name)))
                use.heeded = use.heeded or _heeded(place, options, FIELDS[line.name])
        for real in place.virtual.reals:
            if real.request is not None and not _own_heeded(place, real):
                uses.setdefault(place.line_of(real), _Use(partial(_own_sentence, place)))
    for number, use in uses.items():
        if not use.heeded:
            yield number, use.sentence()


def _said(place: LintedVirtual) -> Iterator[Sequence[Line]]:
    """Yield for each check of a virtual the lines that count for it, the last of each name."""
    own = [line for line in place.section.lines if line.name in FIELDS]
    several: list[Any] = [line.meant for line in place.section.lines if line.name == "checks" and line.meant]
    for lines in several[-1] if several else ((),):
        yield tuple({line.name: line for line in (*own, *lines) if line.name in FIELDS}.values())


def _sentence(place: LintedVirtual, options: CheckOptions, name: str) -> str:
    if name in _OWN and all(getattr(real, name) is not None for real in place.virtual.reals):
        return f"{name}: this has no effect: every real server has its own"
    if needed := _needed(place, options, FIELDS[name]):
        return f"{name}: this has no effect without {needed}"
    return f"{name}: this has no effect: {_how(place, options)}"


def _own_sentence(place: LintedVirtual) -> str:
    return f"real: its request and receive have no effect: {_how(place, place.virtual.check_options)}"


def _how(place: LintedVirtual, options: CheckOptions) -> str:
    """Return how a check is carried out that does not heed what was said."""
    key = place.virtual.key
    if options.service == "none" and options.checktype is CheckType.NEGOTIATE:
        return "checktype=negotiate without a service asks nothing"
    if options.service == "none" and options.checktype is CheckType.COMBINED:
        return f"checktype={options.connects} without a service only connects"
    if options.checktype is CheckType.CONNECT and isinstance(key, AddressKey) and key.protocol is Protocol.UDP:
        return "checktype=connect over UDP is a ping, which does not use it"
    service = "" if options.service == "none" else f" with service={options.service}"
    return f"checktype={options.checktype}{service} does not use it"


def _needed(place: LintedVirtual, options: CheckOptions, name: str) -> str:
    """Return the directive that is not there and without which *name* does not count."""
    subject = _subject(place, place.virtual.reals[0])
    for directive, field in FIELDS.items():
        if field != name and getattr(options, field) == "":
            changed: Any = {field: "x"}
            completed = replace(options, **changed)
            if _is_sound(completed, subject) and heeds(completed, subject, name):
                return directive
    return ""


def _is_sound(options: CheckOptions, subject: CheckedServer) -> bool:
    try:
        plan(options, subject)
    except InvalidOption:
        return False
    return True


def _heeded(place: LintedVirtual, options: CheckOptions, name: str) -> bool:
    """Return whether any server of the virtual would be asked otherwise if *options* had something else as *name*.

    A check that can only say down heeds nothing: that it lacks something is told, and all else would count if it did
    not.
    """
    subjects = [_subject(place, real) for real in place.virtual.reals]
    if not subjects or any(hopeless(options, subject) for subject in subjects):
        return True
    return any(heeds(options, subject, name) for subject in subjects)


def heeds(options: CheckOptions, subject: CheckedServer, name: str) -> bool:
    """Return whether *subject* would be asked otherwise if *options* had something else as *name*."""
    changed: Any = {name: _other(getattr(options, name))}
    return _differ((options, subject), (replace(options, **changed), subject))


def _own_heeded(place: LintedVirtual, real: Real) -> bool:
    subject = _subject(place, real)
    other = replace(subject, request=f"{real.request}x", receive=f"{real.receive}x")
    return any(_differ((options, subject), (options, other)) for options in place.all_options)


def _differ(one: tuple[CheckOptions, CheckedServer], other: tuple[CheckOptions, CheckedServer]) -> bool:
    try:
        return plan(*one) != plan(*other)
    except InvalidOption:
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
