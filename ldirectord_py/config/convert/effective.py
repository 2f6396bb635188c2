"""What a tree's directives mean, one by one, to be written in another syntax."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ldirectord_py.config.grammar.directive import Directive, Scope, Unreadable, Void
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.config.grammar.tree import Line


@dataclass(frozen=True, slots=True)
class Effective:
    """One use of a directive."""

    line: Line
    row: Directive[Any]
    value: Any
    said: bool = True
    """False: it is ignored, since it says nothing, or since a later line says otherwise."""


def effective(lines: Iterable[Line], scope: Scope) -> Iterator[Effective]:
    """Yield what *lines*, which can be read, mean."""
    table = rows(scope)
    found: list[Effective] = []
    for line in lines:
        row = table[line.name]
        value, said = line.meant, True
        if value is None:
            try:
                value = row.reader.read(row.bare or "" if line.value is None else line.value)
            except Void:
                said = False
            except Unreadable as exc:
                raise AssertionError(f"line {line.number} was not refused: {exc}") from None
        found.append(Effective(line, row, value, said))
    last = {meaning.row.name: meaning for meaning in found if meaning.said}
    for meaning in found:
        overridden = meaning.said and not meaning.row.repeated and last[meaning.row.name] is not meaning
        yield replace(meaning, said=False) if overridden else meaning
