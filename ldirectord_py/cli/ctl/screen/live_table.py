"""A table of the screen that is brought up to date cell by cell, so that the cursor and the view stay."""

from collections.abc import Mapping, Sequence
from typing import Any

from textual.widgets import DataTable

from ldirectord_py.cli.blocks import Cell
from ldirectord_py.cli.ctl.screen.sheet import Sheet
from ldirectord_py.cli.rendering import rich_text

_MARKS = {False: " ↓", True: " ↑"}
"""Of the column that sorts, by whether it does so the other way round."""


class LiveTable(DataTable[Any]):
    """Shows a sheet."""

    def __init__(self, sheet: Sheet, most: int, **widget: Any) -> None:
        """Show *most* rows at the most."""
        super().__init__(cursor_type="row", zebra_stripes=True, **widget)
        self.sheet = sheet
        self._most = most
        self._shown: Mapping[str, Sequence[Cell]] = {}
        self._order: tuple[int, bool] | None = None
        self._widths: list[int] = []
        """The longest text of each column: a shorter one would have the table measure the whole column."""

    def on_mount(self) -> None:
        """Make the columns, wide enough for the mark of the one that sorts."""
        for number, column in enumerate(self.sheet.columns):
            self.add_column(f"{column.title}  ", key=str(number))

    def bring_up_to_date(self, now: float) -> int:
        """Show everything as it is *now*, and draw only what has changed; return how many rows there are to show."""
        names = self.sheet.names(now)
        rows = {name: self.sheet.cells(name, now) for name in names[: self._most]}
        if self._order == self.sheet.order and list(rows) == list(self._shown):
            self._update(rows)
        else:
            self._replace(rows)
        self._shown = rows
        return len(names)

    def _replace(self, rows: Mapping[str, Sequence[Cell]]) -> None:
        selected, top = self.selected, self.scroll_offset
        self._order = sorts, reverse = self.sheet.order
        for number, column in enumerate(self.ordered_columns):
            title = self.sheet.columns[number].title + (_MARKS[reverse] if number == sorts else "")
            column.label = self._drawn(number, Cell(title))
        self.clear()
        self._widths = [max(len(cell.text) for cell in column) for column in zip(*rows.values(), strict=True)]
        for name, row in rows.items():
            self.add_row(*(self._drawn(number, cell) for number, cell in enumerate(row)), key=name)
        if selected is not None and selected in rows:
            self.move_cursor(row=list(rows).index(selected), scroll=False)
        self.scroll_to(*top, animate=False)

    def _update(self, rows: Mapping[str, Sequence[Cell]]) -> None:
        for name, row in rows.items():
            for number, (cell, before) in enumerate(zip(row, self._shown[name], strict=True)):
                if cell != before:
                    wider = len(cell.text) > self._widths[number]
                    self.update_cell(name, str(number), self._drawn(number, cell), update_width=wider)
                    self._widths[number] = max(self._widths[number], len(cell.text))

    def _drawn(self, number: int, cell: Cell) -> Any:
        return rich_text(cell.text, cell.style, right=self.sheet.columns[number].right)

    @property
    def selected(self) -> str | None:
        """The name of the row that the cursor is on; None: there is none."""
        if not self.is_valid_row_index(self.cursor_row):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value
