"""What is shown, as values: paragraphs and tables of styled text, and how they are written where rich is not used."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ldirectord_py.cli.terminal import Style, styled
from ldirectord_py.model.text.escaping import printable


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text that looks alike; it may hold what others wrote, and is made safe when it is shown."""

    text: str
    style: Style | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Pieces of text one behind the other; none: an empty line."""

    cells: tuple[Cell, ...] = ()
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: columns are aligned, and the last one may be long."""

    rows: Sequence[tuple[Cell, ...]]
    head: tuple[str, ...] = ()
    """The titles of the columns; empty: it has none."""
    right: frozenset[int] = frozenset()
    """The columns of numbers."""
    indent: int = 0


Block = Paragraph | Grid
Safe = Callable[[str], str]
"""Makes text safe to show."""


def sentence(text: str, style: Style | None = None, indent: int = 0) -> Paragraph:
    """Return a paragraph that looks alike."""
    return Paragraph((Cell(text, style),), indent)


def headed(grid: Grid) -> list[tuple[Cell, ...]]:
    """Return the rows of a table with its head."""
    return [*([tuple(Cell(title, Style.DIM) for title in grid.head)] if grid.head else []), *grid.rows]


def rows_of(blocks: Iterable[Block]) -> int:
    """Return how many lines *blocks* are at least."""
    return sum(len(block.rows) if isinstance(block, Grid) else 1 for block in blocks)


@dataclass(frozen=True, slots=True)
class Plain:
    """Writes blocks as lines of text, none of which is wrapped."""

    safe: Safe = printable
    colours: bool = False

    def written(self, blocks: Iterable[Block]) -> str:
        """Return *blocks*, each on lines of its own."""
        return "".join(f"{line.rstrip()}\n" for block in blocks for line in self._lines(block))

    def _lines(self, block: Block) -> Iterator[str]:
        indent = " " * block.indent
        if isinstance(block, Paragraph):
            yield indent + "".join(self._look(self.safe(cell.text), cell.style) for cell in block.cells)
            return
        rows = [[(self.safe(cell.text), cell.style) for cell in row] for row in headed(block)]
        texts = ([text for text, _ in row] for row in rows)
        widths = [max(map(len, column)) for column in zip_longest(*texts, fillvalue="")]
        for row in rows:
            cells = []
            for number, ((text, style), width) in enumerate(zip(row, widths, strict=False)):
                look, blanks = self._look(text, style), " " * (width - len(text))
                cells.append(f"{blanks}{look}" if number in block.right else f"{look}{blanks}")
            yield f"{indent}{'  '.join(cells)}"

    def _look(self, text: str, style: Style | None) -> str:
        return styled(text, style) if self.colours and style is not None else text
