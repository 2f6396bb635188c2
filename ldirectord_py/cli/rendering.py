"""Tables on a terminal; into a pipe or a file goes a line for each row, the same everywhere.

The one place besides the demo that imports rich, and only for a terminal: it takes longer than reading a file does.
"""

import io
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ldirectord_py.cli.terminal import Style, colourful, shown, tell, tell_rendered


@dataclass(frozen=True, slots=True)
class Row:
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


def tell_rows(rows: Sequence[Row], indent: int = 0) -> None:
    """Write *rows* to standard output: as one table on a terminal, *indent* from its edge; else line by line."""
    if not on_terminal():
        for row in rows:
            tell(row.line)
    elif rows:
        tell_rendered(_rendered(rows, indent))


def _rendered(rows: Sequence[Row], indent: int) -> str:
    from rich.console import Console  # noqa: PLC0415  # see above
    from rich.padding import Padding  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in rows[0].cells[:-1]:
        table.add_column(overflow="fold")
    table.add_column(overflow="fold", ratio=1)
    for row in rows:
        *first, last = (shown(cell, sys.stdout) for cell in row.cells)
        table.add_row(*(Text(cell, _STYLES[row.style]) for cell in first), Text(last))
    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        width=shutil.get_terminal_size().columns,
        color_system="auto" if colourful(sys.stdout) else None,
        legacy_windows=False,
    )
    with console.capture() as captured:
        console.print(Padding(table, (0, 0, 0, indent)))
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


_STYLES = {
    None: "",
    Style.BOLD: "bold",
    Style.DIM: "dim",
    Style.RED: "red",
    Style.GREEN: "green",
    Style.YELLOW: "yellow",
}
