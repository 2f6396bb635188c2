"""Tables before a terminal, lines elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ldirectord_py.cli.blocks import Cell
from ldirectord_py.cli.rendering import TableRow, rich_line, tell_rows
from ldirectord_py.cli.terminal import Style
from tests.faults.injections import CORPUS, unsafe
from tests.peers.patience import PATIENCE
from tests.peers.terminal import sitting_at

ROWS = [TableRow("3: dear", ("3", "dear"), Style.YELLOW), TableRow("10: cheap", ("10", "cheap, " * 20), Style.YELLOW)]


def test_elsewhere_each_row_is_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell_rows(ROWS, indent=4)
    assert capsys.readouterr().out == "3: dear\n10: cheap\n"


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_table_is_no_wider_than_the_terminal_and_long_cells_are_wrapped_below_themselves(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sitting_at(columns, monkeypatch, NO_COLOR="1") as terminal:
        tell_rows(ROWS, indent=2)
    first, second, *more = terminal.written().splitlines()
    assert first == "  3   dear"
    assert second.startswith("  10  cheap, cheap, ")
    assert all(line.startswith("      cheap, ") for line in more)
    assert max(map(len, (second, *more))) <= columns


def test_long_texts_stand_below_their_row_where_they_would_have_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        TableRow("", ("10.0.0.5:80", "down", "connection " * 5)),
        TableRow("", ("10.0.0.6:80", "maintenance", "new disk")),
    ]
    with sitting_at(50, monkeypatch, NO_COLOR="1") as terminal:
        tell_rows(rows, indent=2)
    assert terminal.written().splitlines() == [
        "  10.0.0.5:80  down",
        "    connection connection connection connection",
        "    connection",
        "  10.0.0.6:80  maintenance",
        "    new disk",
    ]


def test_a_long_name_is_wrapped_for_the_columns_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with sitting_at(30, monkeypatch, NO_COLOR="1") as terminal:
        tell_rows([TableRow("", ("10.0.0.5:80@tcp:10.0.0.1:80", "down", "1", "refused"))])
    assert terminal.written().splitlines() == ["10.0.0.5:80@tcp:10.  down  1", "0.0.1:80", "  refused"]


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
    ids=["a terminal", "NO_COLOR", "a dumb one"],
)
def test_colours_are_shown_to_those_who_want_them(
    environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sitting_at(80, monkeypatch, **environment) as terminal:
        tell_rows(ROWS)
    assert ("\x1b[33m" in terminal.written()) is coloured


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_a_table_cannot_be_made_to_steer_the_terminal(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with sitting_at(200, monkeypatch) as terminal:
        tell_rows([TableRow(text, (text, text), Style.RED)])
    assert not unsafe(re.sub(r"\x1b\[(31|0)m", "", terminal.written()).encode())


def test_a_pipe_needs_no_rich(tmp_path: Path) -> None:
    file = tmp_path / "ldirectord.cf"
    file.write_text("virtual=127.0.0.1:80\n\treal=127.0.0.2:80 gate\n")
    program = f"import sys; from ldirectord_py.cli.ldirectorctl import main; main(['lint', {str(file)!r}])"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; print(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert {"rich", "structlog"} & set(done.stderr.split()) == set()


def test_a_line_that_has_no_room_ends_in_a_mark() -> None:
    long = [Cell("10.0.0.5:80: ", Style.BOLD), Cell("down for 3 min; 404 Not Found, expected 2xx; 1 more success")]
    assert rich_line(long, (30, 3)).plain.splitlines() == [
        "10.0.0.5:80: down for 3 min; ",
        "404 Not Found, expected 2xx; 1",
        "more success",
    ]
    lines = rich_line(long, (30, 2)).plain.splitlines()
    assert lines[1] == "404 Not Found, expected 2xx; …"
    assert rich_line(long).plain.startswith("10.0.0.5:80: down for 3 min; 404 Not")
