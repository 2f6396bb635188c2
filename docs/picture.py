"""Draws docs/architecture.svg: the rooms in the order of the import contract, and who imports whom.

The order is read from the contract in pyproject.toml, the arrows from the import statements; a test compares the file.
Each room may import those below it; arrows are drawn to the next layer alone, so that they can be followed.
"""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "ldirectord_py"
WIDTH, MARGIN, BAND, BOX_HEIGHT, GAP = 1180, 24, 116, 80, 28
LABEL = "The rooms of the code, and who imports whom"
HEAD = (
    '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path class="head" d="M0 0 8 4 0 8z"/></marker>'
)
STYLE = """
  text { font-family: system-ui, "DejaVu Sans", sans-serif; fill: #1c2530; }
  .name { font-size: 16px; font-weight: 600; } .about { font-size: 11.5px; fill: #3d4a58; }
  .box { fill: #ffffff; stroke: #6d8299; stroke-width: 1.2; }
  .arrow { fill: none; stroke: #8095ab; stroke-width: 1.3; } .head { fill: #8095ab; } .page { fill: #f4f6f9; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e9ef; } .about { fill: #b7c2ce; } .box { fill: #232c37; stroke: #7d92aa; }
    .page { fill: #171d25; } .arrow { stroke: #6c8096; } .head { fill: #6c8096; }
  }
"""


def rooms_by_layer() -> list[list[str]]:
    """Return the rooms of each layer, from the top, as the contract has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("containers") == [PACKAGE])
    return [[room.strip() for room in layer.split("|")] for layer in layers]


def files_of(room: str) -> list[Path]:
    """Return the modules of a room."""
    folder = ROOT / PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def imports_of(path: Path) -> Iterator[str]:
    """Yield the rooms that a module imports from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                words = f"{node.module}.{name.name}".split(".")
                if words[0] == PACKAGE and len(words) > 1:
                    yield words[1]


def arrows(layers: list[list[str]]) -> Mapping[str, list[str]]:
    """Return which rooms of the next layer each room imports."""
    found = {}
    for layer, below in pairwise(layers):
        for room in layer:
            imported = {to for path in files_of(room) for to in imports_of(path)}
            found[room] = [to for to in below if to in imported]
    return found


def about(room: str) -> str:
    """Return the first sentence of a room's docstring."""
    files = files_of(room)
    first = next((path for path in files if path == ROOT / PACKAGE / room / "__init__.py"), files[0])
    return (ast.get_docstring(ast.parse(first.read_text())) or "").partition("\n")[0].rstrip(".").replace("`", "")


def wrapped(text: str, letters: int) -> list[str]:
    """Return *text* in lines of at most so many letters, three at most."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines[:3]


def picture() -> str:
    """Return the picture as SVG."""
    layers = rooms_by_layer()
    rooms = [room for layer in layers for room in layer]
    boxes = {}
    for number, layer in enumerate(layers):
        width = min((WIDTH - 2 * MARGIN - GAP * (len(layer) - 1)) / len(layer), 560)
        left = (WIDTH - width * len(layer) - GAP * (len(layer) - 1)) / 2
        for place, room in enumerate(layer):
            boxes[room] = (left + place * (width + GAP), MARGIN + number * BAND, width)
    height = 2 * MARGIN + len(layers) * BAND - (BAND - BOX_HEIGHT)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{LABEL}">',
        f"<style>{STYLE}</style>",
        HEAD,
        f'<rect class="page" width="{WIDTH}" height="{height}"/>',
        *_arrows(arrows(layers), boxes),
        *(line for room in rooms for line in _box(room, *boxes[room])),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _arrows(found: Mapping[str, list[str]], boxes: Mapping[str, tuple[float, float, float]]) -> Iterator[str]:
    arriving: dict[str, list[str]] = {}
    for room, tos in found.items():
        for to in tos:
            arriving.setdefault(to, []).append(room)
    for to, sources in arriving.items():
        x, y, width = boxes[to]
        for place, room in enumerate(sorted(sources, key=lambda room: boxes[room][0])):
            left, top, wide = boxes[room]
            start = left + wide * (found[room].index(to) + 1) / (len(found[room]) + 1)
            end = x + width * (place + 1) / (len(sources) + 1)
            begin, stop = top + BOX_HEIGHT, y - 2
            middle = (begin + stop) / 2
            curve = f"M{start:.0f} {begin:.0f}C{start:.0f} {middle:.0f} {end:.0f} {middle:.0f} {end:.0f} {stop:.0f}"
            yield f'<path class="arrow" d="{curve}" marker-end="url(#head)"/>'


def _box(room: str, x: float, y: float, width: float) -> Iterator[str]:
    yield f'<rect class="box" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{BOX_HEIGHT}" rx="6"/>'
    yield f'<text class="name" x="{x + 12:.0f}" y="{y + 22:.0f}">{escape(room)}</text>'
    for number, line in enumerate(wrapped(about(room), int((width - 20) / 5.9))):
        yield f'<text class="about" x="{x + 12:.0f}" y="{y + 40 + 15 * number:.0f}">{escape(line)}</text>'
