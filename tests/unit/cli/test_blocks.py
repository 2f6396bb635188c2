"""Paragraphs and tables as lines of text."""

import pytest

from ldirectord_py.cli.blocks import Cell, Grid, Paragraph, Plain, sentence
from ldirectord_py.cli.rendering import rendered
from ldirectord_py.cli.terminal import Style
from tests.faults.injections import CORPUS, unsafe
from tests.peers.terminal import sitting_at

BLOCKS = [
    Paragraph((Cell("web", Style.BOLD), Cell(": two servers"))),
    Paragraph(),
    Grid(
        [(Cell("one"), Cell("5"), Cell("up", Style.GREEN)), (Cell("three"), Cell("12"), Cell("down", Style.RED))],
        ("NAME", "N", "STATE"),
        frozenset({1}),
        indent=2,
    ),
    sentence("the end", indent=4),
]
TEXT = """\
web: two servers

  NAME    N  STATE
  one     5  up
  three  12  down
    the end
"""


def test_columns_are_aligned_and_no_line_ends_in_blanks() -> None:
    assert Plain().written(BLOCKS) == TEXT


def test_colours_take_no_room() -> None:
    coloured = Plain(colours=True).written(BLOCKS)
    assert "\x1b[31mdown\x1b[0m" in coloured
    for style in Style:
        coloured = coloured.replace(f"\x1b[{style}m", "")
    assert coloured.replace("\x1b[0m", "") == TEXT


def test_a_terminal_shows_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with sitting_at(80, monkeypatch, NO_COLOR="1") as terminal:
        text = rendered(BLOCKS)
        terminal.stream.write(text)
    assert terminal.written() == TEXT


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_what_others_wrote_is_shown_as_text(text: str) -> None:
    assert not unsafe(Plain().written([sentence(text), Grid([(Cell(text), Cell(text))])]).encode())


def test_thousands_of_rows_are_written_without_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    many = Grid([(Cell("x" * 30), Cell("y" * 30))] * 1000)
    with sitting_at(20, monkeypatch, NO_COLOR="1") as terminal:
        lines = rendered([many]).splitlines()
        terminal.stream.write("")
    assert terminal.written() == ""
    assert lines == [f"{'x' * 30}  {'y' * 30}"] * 1000
