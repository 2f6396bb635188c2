"""The directives of one scope as values, read by their rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from ldirectord_py.config.grammar.diagnostics import Diagnostics
from ldirectord_py.config.grammar.directive import Directive, Scope, Unreadable, Void, near, quoted
from ldirectord_py.config.grammar.directives.all_directives import redacted, rows
from ldirectord_py.config.grammar.server_lines import RealLine
from ldirectord_py.config.grammar.tree import Line

T = TypeVar("T")

COMMENT_WITHIN = "a # begins a comment in ldirectord.cf, even within quotes; in a pattern write \\x23, or use YAML"


@dataclass(frozen=True, slots=True)
class UsedValue(Generic[T]):
    """One use of a directive."""

    line: int
    value: T
    redacted: bool = False
    """The value comes from elsewhere and is shown in no message."""


class Values:
    """What one scope says, with the values of the scope around it and the defaults behind."""

    __slots__ = ("_entries", "_outer")

    def __init__(self, entries: Mapping[str, Sequence[UsedValue[Any]]], outer: "Values | None" = None) -> None:
        self._entries = entries
        self._outer = outer

    def under(self, inner: "Values") -> "Values":
        """Return what is in force where *inner*, of the same scope, says more."""
        return Values({**self._entries, **inner._entries}, self._outer)  # noqa: SLF001  # of the same class

    def each(self, row: Directive[T]) -> Sequence[UsedValue[T]]:
        """Return all uses of the directive in this scope, in order."""
        return cast("Sequence[UsedValue[T]]", self._entries.get(row.name, ()))

    def own(self, row: Directive[T]) -> T | None:
        """Return what this scope says last, or None."""
        entries = self.each(row)
        return entries[-1].value if entries else None

    def get(self, row: Directive[T]) -> T:
        """Return the value in force."""
        if entries := self._entries.get(row.name):
            return cast("T", entries[-1].value)
        if self._outer is not None and row.scope is Scope.BOTH:
            return self._outer.get(row)
        return row.default

    def line(self, name: str) -> int | None:
        """Return the line of the last use of the directive *name* in this scope, or None."""
        entries = self._entries.get(name)
        return entries[-1].line if entries else None

    def redacted(self, name: str) -> str | None:
        """Return the text that the directive *name* has in this scope, if it comes from elsewhere."""
        entries = self._entries.get(name)
        return entries[-1].value if entries and entries[-1].redacted and isinstance(entries[-1].value, str) else None

    def line_in_force(self, row: Directive[Any]) -> int:
        """Return the line of the value in force; 0 where that is the default."""
        if line := self.line(row.name):
            return line
        return self._outer.line_in_force(row) if self._outer is not None and row.scope is Scope.BOTH else 0


def read_values(
    lines: Sequence[Line], scope: Scope, diagnostics: Diagnostics, *, outer: Values | None = None
) -> Values:
    """Return the values of *lines*, which stand in *scope*; what cannot be read is added to *diagnostics*."""
    table = rows(scope)
    entries: dict[str, list[UsedValue[Any]]] = {}
    for line in lines:
        row = table.get(line.name)
        if row is not None and line.meant is not None:
            _enter(row, line, line.meant, entries, diagnostics)
            continue
        text = line.value if row is None or line.value is not None else row.bare
        if row is None or text is None:
            diagnostics.error(line.number, "" if diagnostics.full else unknown(line, scope))
        else:
            if line.value is None:
                sentence = f"{row.name}: please update your config not to use a bare {row.name} directive"
                diagnostics.warning(line.number, sentence, "bare-directive")
            _read_one(row, line, text, entries, diagnostics)
    return Values(entries, outer)


def _read_one(
    row: Directive[Any], line: Line, text: str, entries: dict[str, list[UsedValue[Any]]], diagnostics: Diagnostics
) -> None:
    hidden = row.secret or line.redacted
    try:
        value = row.reader.read(text)
    except Unreadable as exc:
        diagnostics.error(line.number, _refusal(row, line, text, exc))
        return
    except Void as exc:
        if line.strict:
            diagnostics.error(line.number, f"{row.name}: {exc}")
        else:
            diagnostics.warning(line.number, f"{row.name}: {exc}", "no-effect")
        return
    if row.reader.plain is not None and not re.fullmatch(row.reader.plain, text, re.ASCII | re.DOTALL):
        if line.strict and value != text:
            diagnostics.error(line.number, f"{row.name}: expected {row.reader.syntax}{_but_got(text, hidden=hidden)}")
            return
        if not line.strict:
            why = f"; {COMMENT_WITHIN}" if _cut(line, text) else ""
            diagnostics.warning(line.number, f"{row.name}: {_surprise(row, text, value)}{why}", "surprising-value")
    _enter(row, line, value, entries, diagnostics)


def _enter(
    row: Directive[Any], line: Line, value: object, entries: dict[str, list[UsedValue[Any]]], diagnostics: Diagnostics
) -> None:
    if row.notice:
        diagnostics.warning(line.number, f"{row.name}: {row.notice}", "no-effect")
    for note in getattr(value, "notes", ()):
        diagnostics.warning(line.number, f"{row.name}: {note}", "surprising-value")
    if isinstance(value, RealLine):
        for text in (value.request, value.receive):
            diagnostics.withhold(text, whole=value.redacted)
    diagnostics.withhold(value, whole=row.secret or line.redacted)
    entries.setdefault(row.name, []).append(UsedValue(line.number, value, line.redacted))


def _refusal(row: Directive[Any], line: Line, text: str, exc: Unreadable) -> str:
    if _cut(line, text):
        return f"{row.name}: {COMMENT_WITHIN}"
    if exc.complete:
        return exc.told(row.name)
    reason = ": ".join(part for part in (row.refusal, str(exc)) if part)
    got = _but_got(text, hidden=row.secret or line.redacted)
    return f"{row.name}: {reason}{got}{'' if line.strict else _hint(text)}"


def _cut(line: Line, text: str) -> bool:
    """Return whether a # within quotes has made a comment of the rest."""
    return not line.strict and text.count('"') % 2 == 1 and "#" in line.text and "#" not in text


def _but_got(text: str, *, hidden: bool) -> str:
    return "" if hidden else f", but got {quoted(text)}"


def _hint(text: str) -> str:
    if text.endswith("\r"):
        return "; the line ends in CR LF, as in Windows: save the file with LF alone"
    if "#" in text:
        return "; a comment needs a line of its own"
    return ""


def _surprise(row: Directive[Any], text: str, value: Any) -> str:
    if row.secret:
        return "the value is read up to its last quote only"
    if value == text:
        extra = "quotes" if text.endswith('"') else "the blanks at its end"
        return f"{quoted(text)} is taken as it stands, with {extra}"
    return f"{quoted(text)} is read as {quoted(str(value))}"


def unknown(line: Line, scope: Scope) -> str:
    """Say what is wrong with a line that is no directive of *scope*, and what was probably meant."""
    elsewhere = rows(Scope.SECTION if scope is Scope.GLOBAL else Scope.GLOBAL).get(line.name)
    if elsewhere is not None and elsewhere.instead:
        return f"{line.name} is gone: write {elsewhere.instead}"
    shown = f'"{redacted(line.name[:40])}"' if line.name else quoted(redacted(line.text))
    return f"unknown directive {shown}: {_meant(line, scope)}"


def _meant(line: Line, scope: Scope) -> str:
    here, there = rows(scope), rows(Scope.SECTION if scope is Scope.GLOBAL else Scope.GLOBAL)
    first = re.match(r"\w*", line.text.strip(), re.ASCII)
    name = line.name or (first[0] if first else "")
    if name in here or (name in {"virtual", "virtual6"} and scope is Scope.GLOBAL):
        return f"expected {name}=VALUE"
    if name in {"virtual", "virtual6"}:
        return "a virtual begins in the first column"
    if name in there and scope is Scope.GLOBAL:
        return "it belongs to a virtual; indent it below its virtual line by a TAB or four blanks"
    if name in there:
        return "it is a global directive; put it outside of the virtuals, in the first column"
    return near(name, [*here, "virtual", "virtual6"])
