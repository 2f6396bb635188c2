"""Tables on a terminal; into a pipe or a file goes a line for each row, the same everywhere.

The one place besides the demo that imports rich, and only for a terminal: it takes longer than reading a file does.
"""

import io
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ldirectord_py.cli.blocks import Block, Cell, Grid, Paragraph, Plain, headed, rows_of
from ldirectord_py.cli.terminal import Style, colourful, shown, tell, tell_rendered
from ldirectord_py.model.text.escaping import printable

_MOST_ROWS = 300
"""Of which rich makes tables; with thousands it takes seconds."""
_GAP = 2
"""Blanks between two columns."""
_LEAST_ROOM = 30
"""The last column of a table has so much room, or stands below the others."""
_Rows = Sequence[tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table."""

    line: str
    """What stands for it where there is no terminal."""
    cells: tuple[str, ...]
    """The last one may be long; it is wrapped below itself."""
    style: Style | None = None
    """How all of its cells but the last one look."""


def on_terminal() -> bool:
    """Return whether somebody sits before standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def tell_rows(rows: Sequence[TableRow], indent: int = 0) -> None:
    """Write *rows* to standard output: as one table on a terminal, *indent* from its edge; else line by line."""
    if not on_terminal():
        for row in rows:
            tell(row.line)
    elif rows:
        cells = [(*(Cell(text, row.style) for text in row.cells[:-1]), Cell(row.cells[-1])) for row in rows]
        tell_rendered(_wrapped([Grid(cells, indent=indent)]))


def tell_blocks(blocks: Sequence[Block]) -> None:
    """Write *blocks* to standard output."""
    if sys.stdout is not None:
        tell_rendered(rendered(blocks))


def rendered(blocks: Sequence[Block]) -> str:
    """Return *blocks* as standard output shows them.

    On a terminal long texts are wrapped below themselves, unless there are more rows than rich is quick at.
    """
    if on_terminal() and rows_of(blocks) <= _MOST_ROWS:
        return _wrapped(blocks)
    return Plain(_safe, colourful(sys.stdout)).written(blocks)


def rich_text(text: str, style: Style | None = None, *, right: bool = False) -> Any:
    """Return *text*, made safe to show, as rich's own kind of text; *right*: at the right edge of its column."""
    from rich.text import Text  # noqa: PLC0415  # see above

    return Text(printable(text), _STYLES[style], justify="right" if right else "left")


def rich_line(cells: Iterable[Cell], room: tuple[int, int] | None = None) -> Any:
    """Return *cells*, made safe to show, one behind the other as rich's own kind of text.

    With *room*, columns and lines, it is wrapped, and what is longer ends in a mark.
    """
    from rich.text import Text  # noqa: PLC0415  # see above

    line = Text.assemble(*(rich_text(cell.text, cell.style) for cell in cells))
    return line if room is None else _clipped(line, *room)


def _clipped(text: Any, columns: int, most: int) -> Any:
    from rich.console import Console  # noqa: PLC0415  # see above
    from rich.text import Text  # noqa: PLC0415  # see above

    lines = text.wrap(Console(width=columns), columns)
    shown = lines[:most]
    if len(lines) > most:
        shown[-1].truncate(columns - 1)
        shown[-1].append("\N{HORIZONTAL ELLIPSIS}")
    return Text("\n").join(shown)


def _safe(text: str) -> str:
    return shown(text, sys.stdout)


def _wrapped(blocks: Iterable[Block]) -> str:
    from rich.console import Console  # noqa: PLC0415  # see above

    width = shutil.get_terminal_size().columns
    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        width=width,
        color_system="auto" if colourful(sys.stdout) else None,
        legacy_windows=False,
    )
    with console.capture() as captured:
        for block in blocks:
            console.print(_renderable(block, width))
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _renderable(block: Block, width: int) -> Any:
    if isinstance(block, Paragraph):
        return _paragraph([Cell(_safe(cell.text), cell.style) for cell in block.cells], block.indent)
    rows = [tuple(Cell(_safe(cell.text), cell.style) for cell in row) for row in headed(block)]
    return _stacked(rows, block, width) if _is_cramped(rows, block, width) else _table(rows, block)


def _paragraph(cells: Iterable[Cell], indent: int) -> Any:
    from rich.padding import Padding  # noqa: PLC0415  # see above
    from rich.table import Table  # noqa: PLC0415  # see above

    table = Table.grid()
    table.add_column(overflow="fold")
    table.add_row(_text(*cells))
    return Padding(table, (0, 0, 0, indent))


def _is_cramped(rows: _Rows, grid: Grid, width: int) -> bool:
    """Return whether the other columns leave too little room to the long texts of the last one."""
    widths = _widths(rows)
    last = len(widths) - 1
    room = width - grid.indent - sum(widths[:-1]) - _GAP * last
    return last > 0 and last not in grid.right and room < min(widths[-1], _LEAST_ROOM)


def _widths(rows: _Rows) -> list[int]:
    texts = ([len(cell.text) for cell in row] for row in rows)
    return [max(column) for column in zip_longest(*texts, fillvalue=0)]


def _stacked(rows: _Rows, grid: Grid, width: int) -> Any:
    """Return a table whose last column stands below the others, and whose first one is as narrow as need be."""
    from rich.console import Group  # noqa: PLC0415  # see above

    first, *others, _ = _widths(rows)
    last = len(others) + 1
    room = width - grid.indent - sum(others) - _GAP * last
    widths, lines = [max(1, min(first, room)), *others], list[Any]()
    for row in rows:
        lines.append(_table([row[:last]], grid, widths))
        lines += [_paragraph([cell], grid.indent + _GAP) for cell in row[last:] if cell.text]
    return Group(*lines)


def _table(rows: _Rows, grid: Grid, widths: Sequence[int] = ()) -> Any:
    """Return a table with columns of *widths*, or as wide as their texts are."""
    from rich.padding import Padding  # noqa: PLC0415  # see above
    from rich.table import Table  # noqa: PLC0415  # see above

    table = Table.grid(padding=(0, _GAP, 0, 0))
    last = max(map(len, rows), default=0) - 1
    for number in range(last + 1):
        right = number in grid.right
        ratio = 1 if number == last and not right and not widths else None
        width = widths[number] if widths else None
        table.add_column(overflow="fold", justify="right" if right else "left", ratio=ratio, width=width)
    for row in rows:
        table.add_row(*map(_text, row))
    return Padding(table, (0, 0, 0, grid.indent))


def _text(*cells: Cell) -> Any:
    from rich.text import Text  # noqa: PLC0415  # see above

    return Text.assemble(*((cell.text, _STYLES[cell.style]) for cell in cells))


_STYLES = {
    None: "",
    Style.BOLD: "bold",
    Style.DIM: "dim",
    Style.RED: "red",
    Style.GREEN: "green",
    Style.YELLOW: "yellow",
}
