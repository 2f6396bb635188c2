"""Kinds of directives that there are several of: switches, and names that are gone."""

from ldirectord_py.config.grammar import value_types
from ldirectord_py.config.grammar.directive import Directive, Scope


def switch(name: str, scope: Scope, default: bool, summary: str, *, bare: str | None = None) -> Directive[bool]:  # noqa: FBT001  # as in the other rows
    """Return the row of a directive that is yes or no."""
    refusal = "must be yes or no"
    return Directive(name, scope, value_types.YES_NO, default, summary, refusal=refusal, bare=bare)


def gone(name: str, scope: Scope, instead: str) -> Directive[None]:
    """Return the row of a directive that is refused; *instead* is what to write."""
    reader = value_types.gone(f"{name} is gone: write {instead}")
    return Directive(name, scope, reader, None, f"Refused: use {instead}", instead=instead)
