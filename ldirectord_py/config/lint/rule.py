"""What a rule is, and what it looks at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ldirectord_py.config.grammar.tree import Checks, Line, Section, SourceMap, Tree
from ldirectord_py.config.lint.machine import Machine
from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.check_plan import CheckPlan
from ldirectord_py.model.config import Config, Real, Virtual


@dataclass(frozen=True, slots=True)
class LintedVirtual:
    """One virtual: what it says, and what that amounts to."""

    virtual: Virtual
    section: Section
    tree: Tree

    @property
    def opening(self) -> int:
        """The number of its first line."""
        return self.section.opening.number

    @property
    def first(self) -> int:
        """The number of the first line of the first virtual."""
        return self.tree.sections[0].opening.number

    @property
    def plan(self) -> CheckPlan | None:
        """How its first real server is checked; None where it has none."""
        return self.virtual.reals[0].plan if self.virtual.reals else None

    @property
    def all_options(self) -> tuple[CheckOptions, ...]:
        """How its real servers are asked: in one way, or in several."""
        return self.virtual.checks or (self.virtual.check_options,)

    def said(self, name: str) -> Line | None:
        """Return the line with which the virtual itself says *name*, the last one; None where it does not."""
        return _last(self.section.lines, name)

    def in_force(self, name: str) -> Line | None:
        """Return the line that counts for it: its own, or the global one."""
        return self.said(name) or _last(self.tree.lines, name)

    def line(self, *names: str) -> int:
        """Return where one of *names* is said that counts for it, or else its first line."""
        found = (self._within(name) or self.in_force(name) for name in names)
        return next((line.number for line in found if line is not None), self.opening)

    def _within(self, name: str) -> Line | None:
        """Return the line with which one of several checks says *name*."""
        several: list[Checks] = [line.meant for line in self.section.lines if isinstance(line.meant, tuple)]
        lines = [line for checks in several for one in checks for line in one]
        return _last(tuple(lines), name)

    def line_of(self, real: Real) -> int:
        """Return the number of the line on which *real* stands, which is of the same file."""
        return self.opening + real.line - self.virtual.line


@dataclass(frozen=True, slots=True)
class Context:
    """A whole configuration, and the machine it is for."""

    config: Config
    tree: Tree
    files: SourceMap
    machine: Machine

    @property
    def places(self) -> list[LintedVirtual]:
        """Its virtuals."""
        pairs = zip(self.config.virtuals, self.tree.sections, strict=True)
        return [LintedVirtual(virtual, section, self.tree) for virtual, section in pairs]


ExamineConfig = Callable[[Context], Iterator[tuple[int, str]]]
"""Yields line numbers, counted through all files, and sentences."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is legal and probably not meant."""

    id: str
    summary: str
    examine: ExamineConfig


def _last(lines: tuple[Line, ...], name: str) -> Line | None:
    return next((line for line in reversed(lines) if line.name == name), None)
