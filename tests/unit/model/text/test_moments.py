import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.model.text.moments import brief, date, span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 minute"),
        (7199, "1 hour"),
        (7200, "2 hours"),
        (86399, "23 hours"),
        (-3.5 * 86400, "3 days"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(seconds, text) -> None:
    assert span(seconds) == text


def test_a_date_is_in_utc() -> None:
    assert date(1_000_000_000) == "2001-09-09 01:46 UTC"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (11520, "3 h 12 min"),
        (2 * 86400 - 1, "47 h 59 min"),
        (2 * 86400, "2 d"),
        (61.5 * 86400, "61 d"),
    ],
)
def test_a_length_of_time_is_told_in_its_largest_units(seconds: float, words: str) -> None:
    assert brief(seconds) == words


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_longer_time_is_never_told_in_a_smaller_unit(one: float, other: float) -> None:
    units = {"s": 0, "min": 1, "h": 2, "d": 3}
    shorter, longer = sorted((one, other))
    assert units[brief(shorter).split()[1]] <= units[brief(longer).split()[1]]
