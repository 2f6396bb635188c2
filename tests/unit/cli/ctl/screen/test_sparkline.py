"""Numbers as a picture one line high."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.cli.ctl.screen.sparkline import sparkline


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([], ""), ([0, 0], "▁▁"), ([1, 4, 8], "▂▅█"), ([None, 2], "!█"), ([9, 9, 1, 2, 4, 8], "▂▃▅█")],
)
def test_bars_are_as_high_as_the_numbers(numbers: list[float | None], expected: str) -> None:
    assert sparkline(numbers, 4, "!") == expected


@given(st.lists(st.none() | st.floats(min_value=0, max_value=1e9)), st.integers(1, 40))
def test_each_number_has_a_letter(numbers: list[float | None], width: int) -> None:
    assert len(sparkline(numbers, width, "!")) == min(len(numbers), width)
