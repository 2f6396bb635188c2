"""A table of the screen that is brought up to date cell by cell, so that the cursor and the view stay."""

from collections.abc import Mapping, Sequence
from typing import Any

from textual.widgets import DataTable

from ldirectord_py.cli.blocks import Cell
from ldirectord_py.cli.ctl.screen.fitting import fitted, shortened
from ldirectord_py.cli.ctl.screen.sheet import Sheet
from ldirectord_py.cli.rendering import rich_text

_MARKS = {False: " ↓", True: " ↑"}
"""Of the column that sorts, by whether it does so the other way round."""
_SCROLLBAR = 1
"""Columns that are left to it, whether or not it is there."""


class LiveTable(DataTable[Any]):
    """Shows of a sheet what there is room for."""

    DEFAULT_CSS = f"LiveTable {{ scrollbar-size-vertical: {_SCROLLBAR}; }}"

    def __init__(self, sheet: Sheet, most: int, **widget: Any) -> None:
        """Show *most* rows at the most."""
        super().__init__(cursor_type="row", zebra_stripes=True, **widget)
        self.sheet = sheet
        self._most = most
        self._shown: Mapping[str, Sequence[Cell]] = {}
        self._order: tuple[int, bool] | None = None
        self._widths: list[int] = []
        """The longest text of each column of the sheet, its title included."""
        self._layout: Mapping[int, int] = {}
        """The columns that are shown, by their numbers in the sheet, and their widths."""

    def bring_up_to_date(self, now: float) -> int:
        """Show everything as it is *now*, and draw only what has changed; return how many rows there are to show."""
        names = self.sheet.names(now)
        rows = {name: self.sheet.cells(name, now) for name in names[: self._most]}
        same = self._order == self.sheet.order and list(rows) == list(self._shown)
        self._order = self.sheet.order
        self._widths = self._measured(rows, self._widths if same else ())
        layout = fitted(self.sheet.columns, self._widths, self.sheet.column, self.app.size.width - _SCROLLBAR)
        if same and layout == self._layout:
            self._update(rows)
        else:
            self._layout = layout
            self._replace(rows)
        self._shown = rows
        return len(names)

    def _measured(self, rows: Mapping[str, Sequence[Cell]], before: Sequence[int]) -> list[int]:
        """Return how wide the columns have to be: as they were *before* at least, so that they do not jump."""
        titles = [len(self._title(number)) for number in range(len(self.sheet.columns))]
        texts = [max((len(cell.text) for cell in column), default=0) for column in zip(*rows.values(), strict=True)]
        return [max(column) for column in zip(titles, texts or titles, before or titles, strict=True)]

    def _title(self, number: int) -> str:
        sorts, reverse = self.sheet.order
        return self.sheet.columns[number].title + (_MARKS[reverse] if number == sorts else "")

    def _replace(self, rows: Mapping[str, Sequence[Cell]]) -> None:
        selected, top = self.selected, self.scroll_offset
        self.clear(columns=True)
        for number, width in self._layout.items():
            self.add_column(self._drawn(number, Cell(self._title(number))), width=width, key=str(number))
        for name, row in rows.items():
            self.add_row(*(self._drawn(number, row[number]) for number in self._layout), key=name)
        if selected is not None and selected in rows:
            self.move_cursor(row=list(rows).index(selected), scroll=False)
        self.scroll_to(*top, animate=False)

    def _update(self, rows: Mapping[str, Sequence[Cell]]) -> None:
        for name, row in rows.items():
            before = self._shown[name]
            for number in self._layout:
                if row[number] != before[number]:
                    self.update_cell(name, str(number), self._drawn(number, row[number]))

    def _drawn(self, number: int, cell: Cell) -> Any:
        column = self.sheet.columns[number]
        text = shortened(cell.text, self._layout[number]) if column.name else cell.text
        return rich_text(text, cell.style, right=column.right)

    @property
    def selected(self) -> str | None:
        """The name of the row that the cursor is on; None: there is none."""
        if not self.is_valid_row_index(self.cursor_row):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value
