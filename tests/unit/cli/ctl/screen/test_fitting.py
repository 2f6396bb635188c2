"""What of a table is shown where there is not room for all of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.cli.ctl.screen import board, services
from ldirectord_py.cli.ctl.screen.fitting import BESIDE, LEAST_NAME, fitted, shortened
from ldirectord_py.cli.ctl.screen.sheet import Column

WIDTHS = {"VIRTUAL": 26, "SERVER": 21, "STATUS": 11, "FOR": 6, "INACTIVE": 8, "CHECK": 8}
ALWAYS = ["VIRTUAL", "SERVER", "STATUS", "FOR", "WEIGHT", "ACTIVE"]
STATUS = 2


def shown(room: int, columns: tuple[Column, ...] = board.COLUMNS, sorts: int = STATUS) -> dict[str, int]:
    """Return the titles that are shown in so much *room*, and the widths of their columns."""
    widths = [WIDTHS.get(column.title, len(column.title)) for column in columns]
    return {columns[number].title: width for number, width in fitted(columns, widths, sorts, room).items()}


@pytest.mark.parametrize(
    ("room", "more"),
    [(79, []), (99, ["CHECK"]), (109, ["INACTIVE", "CHECK"]), (129, ["INACTIVE", "CHECK", "CHECKS LATELY"])],
)
def test_what_matters_less_is_left_out_first(room: int, more: list[str]) -> None:
    found = shown(room)
    assert list(found) == ALWAYS + more
    assert sum(found.values()) + BESIDE * len(found) <= room


def test_the_column_that_sorts_is_shown_whatever_it_is() -> None:
    for number, column in enumerate(board.COLUMNS):
        assert column.title in shown(79, sorts=number)


def test_names_are_shortened_before_anything_that_always_matters_is_left_out() -> None:
    found = shown(79)
    assert found["VIRTUAL"] == found["SERVER"] < WIDTHS["SERVER"]
    assert list(shown(20)) == ALWAYS
    assert shown(20)["VIRTUAL"] == LEAST_NAME


def test_of_a_virtual_service_it_is_always_shown_who_serves() -> None:
    assert list(shown(45, services.COLUMNS, 1)) == ["VIRTUAL", "SERVERS", "ACTIVE"]
    assert list(shown(99, services.COLUMNS, 1)) == [column.title for column in services.COLUMNS]


def test_a_name_keeps_both_of_its_ends() -> None:
    assert shortened("tcp:[2001:db8:aaaa::1]:443", 16) == "tcp:[200…:1]:443"
    assert shortened("10.0.0.5:80", 11) == "10.0.0.5:80"


@given(st.text(min_size=1), st.integers(1, 30))
def test_a_name_that_is_cut_has_a_mark(name: str, width: int) -> None:
    short = shortened(name, width)
    assert short == name or ("…" in short and len(short) == width < len(name))
