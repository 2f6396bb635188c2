"""Lengths of time and moments as they are typed."""

from argparse import ArgumentTypeError
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.cli.ctl.remote.times import length, moment, since

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("10m", 600), ("10 min", 600), ("1h30m", 5400), ("2d", 172800), ("0.5h", 1800)],
)
def test_lengths(text: str, seconds: float) -> None:
    assert length(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5", "soon", "5 parsecs", "1h soon", "10m-5s", "1e400", "9" * 400])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="expected a length of time"):
        length(text)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("18:30", datetime(2026, 11, 29, 18, 30, tzinfo=UTC)),
        ("12:00", datetime(2026, 11, 30, 12, 0, tzinfo=UTC)),
        ("6:05:30", datetime(2026, 11, 30, 6, 5, 30, tzinfo=UTC)),
        ("2026-12-01 06:00+00:00", datetime(2026, 12, 1, 6, 0, tzinfo=UTC)),
    ],
)
def test_moments_are_those_to_come(text: str, then: datetime) -> None:
    assert moment(text, NOON) == then.timestamp()


@pytest.mark.parametrize("text", ["25:00", "noon", "", "2020-01-01"])
def test_what_is_no_moment_to_come(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="expected a time"):
        moment(text, NOON)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("1h", NOON.timestamp() - 3600),
        ("11:00", NOON.timestamp() - 3600),
        ("12:00:01", NOON.timestamp() - 86399),
        ("2026-11-28 12:00+00:00", NOON.timestamp() - 86400),
    ],
)
def test_moments_that_have_been(text: str, then: float) -> None:
    assert since(text, NOON) == then


@given(st.text())
def test_any_text_is_a_time_or_refused(text: str) -> None:
    for read in (length, moment, since):
        with suppress(ArgumentTypeError):
            assert read(text) > 0
