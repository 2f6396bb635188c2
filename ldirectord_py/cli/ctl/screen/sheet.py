"""Rows of a table that can be sorted by any of its columns, each with what it was lately."""

import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ldirectord_py.cli.blocks import Cell
from ldirectord_py.cli.ctl.screen.sparkline import sparkline

SPARKS = 12
"""Numbers that are remembered of a row, and shown."""

Row = Mapping[str, Any]
"""A server or a virtual service, as the API has it."""


@dataclass(frozen=True, slots=True)
class CellContext:
    """What is known besides the row itself when a cell is made."""

    now: float
    lately: Sequence[float | None]
    """What was measured of the row, the newest last."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    rank: Callable[[Row], Any]
    """What rows are sorted by."""
    cell: Callable[[Row, CellContext], Cell]
    right: bool = False
    """A column of numbers."""
    name: bool = False
    """A column of names, which are shortened in their middle where there is no room for all of them."""
    spare: int = 0
    """Which columns are left out where there is no room: those with the highest number first, those with 0 never."""


class Sheet:
    """The rows by their names, and the order in which they are shown."""

    def __init__(self, columns: tuple[Column, ...], measure: Callable[[Row], float | None], column: int = 0) -> None:
        """*measure* returns the number of a row that is remembered; the number of a *column* is what sorts at first."""
        self.columns = columns
        self.column = column
        self.reverse = False
        self._measure = measure
        self._rows: dict[str, Row] = {}
        self._lately: dict[str, deque[float | None]] = {}

    @property
    def total(self) -> int:
        """The number of rows, shown or not."""
        return len(self._rows)

    @property
    def rows(self) -> Collection[Row]:
        """All rows, shown or not."""
        return self._rows.values()

    @property
    def order(self) -> tuple[int, bool]:
        """The number of the column that sorts, and whether the other way round."""
        return self.column, self.reverse

    def keep(self, rows: Iterable[Row]) -> None:
        """Take *rows* in place of those before."""
        self._rows = {row["name"]: row for row in rows}
        self._lately = {name: self._lately.get(name) or deque(maxlen=SPARKS) for name in self._rows}
        for name, row in self._rows.items():
            self._lately[name].append(self._measure(row))

    def row(self, name: str) -> Row | None:
        """Return the row of that name; None: it is gone."""
        return self._rows.get(name)

    def names(self, now: float) -> list[str]:
        """Return the names of the rows that are shown, in order."""
        rank = self.columns[self.column].rank
        shown = sorted(self.shown(now), key=lambda row: (rank(row), natural(row["name"])), reverse=self.reverse)
        return [row["name"] for row in shown]

    def shown(self, _now: float) -> Iterable[Row]:
        """Return the rows that are shown."""
        return self._rows.values()

    def cells(self, name: str, now: float) -> list[Cell]:
        """Return what is shown of a row."""
        row, context = self._rows[name], CellContext(now, tuple(self._lately[name]))
        return [column.cell(row, context) for column in self.columns]

    def sort_by(self, column: int) -> None:
        """Sort by a column; by the same one again, the other way round."""
        self.reverse = not self.reverse if column == self.column else False
        self.column = column


@lru_cache(maxsize=100_000)
def natural(name: str) -> tuple[str | int, ...]:
    """Return what has names in the order of their numbers: 10.0.0.9 comes before 10.0.0.10."""
    return tuple(int(part) if number % 2 else part for number, part in enumerate(re.split(r"([0-9]+)", name)))


def lately(numbers: Sequence[float | None], missing: str = " ") -> Cell:
    """Return the last of *numbers* as a picture; *missing* stands for None."""
    return Cell(sparkline(numbers, SPARKS, missing).rjust(SPARKS))
