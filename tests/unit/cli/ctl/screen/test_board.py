"""Which servers the screen shows, in which order, and what of each."""

import pytest

from ldirectord_py.cli.ctl.screen.board import COLUMNS, Board
from tests.peers.api_answers import NOW, down, draining, server

TITLES = [column.title for column in COLUMNS]
BUSY = server("10.0.0.8:80", connections={"active": 5000, "inactive": 1}, since=NOW - 10)


@pytest.fixture
def board() -> Board:
    """Return a board with four servers of one virtual service."""
    board = Board()
    board.keep([server(), down(), draining(), BUSY])
    return board


def shown(board: Board) -> list[str]:
    return [name.partition("@")[0].removesuffix(":80") for name in board.names(NOW)]


def test_servers_that_are_out_come_first(board: Board) -> None:
    assert shown(board) == ["10.0.0.6", "10.0.0.7", "10.0.0.5", "10.0.0.8"]


def test_any_column_sorts_and_again_the_other_way_round(board: Board) -> None:
    board.sort_by(TITLES.index("ACTIVE"))
    assert shown(board)[0] == "10.0.0.8"
    board.sort_by(TITLES.index("ACTIVE"))
    assert shown(board)[0] == "10.0.0.6"
    for number in range(len(COLUMNS)):
        board.sort_by(number)
        assert len(shown(board)) == 4


def test_names_are_sorted_as_numbers_are() -> None:
    board = Board()
    numbers = (10, 9, 100)
    board.keep([server(f"10.0.0.{number}:80") for number in numbers])
    assert shown(board) == [f"10.0.0.{number}" for number in sorted(numbers)]
    board.sort_by(TITLES.index("SERVER"))
    assert shown(board) == [f"10.0.0.{number}" for number in sorted(numbers)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [("", 4), ("DOWN", 1), ("10.0.0.5", 1), ("disk swap", 1), ("up 10.0.0.", 2), ("404 draining", 0)],
)
def test_a_filter_is_words_that_all_have_to_be_there(words: str, expected: int, board: Board) -> None:
    board.filter = words
    assert len(shown(board)) == expected


def test_what_is_up_can_be_left_out(board: Board) -> None:
    board.only_out = True
    assert shown(board) == ["10.0.0.6", "10.0.0.7"]
    assert board.total == 4


def test_the_cells_of_a_server(board: Board) -> None:
    (name,) = [name for name in board.names(NOW) if name.startswith("10.0.0.6")]
    texts = dict(zip(TITLES, [cell.text for cell in board.cells(name, NOW)], strict=True))
    assert texts["STATUS"] == "down"
    assert texts["FOR"] == "3 min"
    assert texts["WEIGHT"] == "3 → 0"
    assert texts["CHECK"] == "3.2 ms"
    assert texts["CHECKS LATELY"] == "         ▇!█"


def test_connections_are_remembered(board: Board) -> None:
    for active in (0, 2500, None):
        counts = None if active is None else {"active": active, "inactive": 0}
        board.keep([server("10.0.0.8:80", connections=counts)])
    (name,) = board.names(NOW)
    texts = dict(zip(TITLES, [cell.text for cell in board.cells(name, NOW)], strict=True))
    assert texts["ACTIVE LATELY"] == "        █▁▅ "
    assert texts["ACTIVE"] == ""
    assert board.row("10.0.0.5:80@tcp:10.0.0.1:80") is None
