"""Times and numbers in words."""

import os
import time
from collections.abc import Iterator

import pytest

from ldirectord_py.cli.ctl.reports.words import age, clock, counted, took


@pytest.fixture(autouse=True)
def _in_paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setitem(os.environ, "TZ", "Europe/Paris")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-1, "a moment"), (0.4, "a moment"), (1, "1 s"), (59.9, "1 min"), (200, "3 min 20 s"), (90061, "1 d 1 h")],
)
def test_ages(seconds: float, expected: str) -> None:
    assert age(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.00321, "3.21 ms"), (0.25, "250 ms"), (0.9996, "1 s"), (2.345, "2.35 s")]
)
def test_how_long_a_check_took(seconds: float, expected: str) -> None:
    assert took(seconds) == expected


def test_moments_are_of_this_machine_s_clock_and_have_a_day_if_that_is_another() -> None:
    noon = 1_700_046_000.0  # 2023-11-15 11:00 UTC
    assert clock(noon, noon + 3600) == "12:00:00"
    assert clock(noon, noon + 86400) == "2023-11-15 12:00:00"


def test_one_and_many() -> None:
    assert [counted(number, "server") for number in (0, 1, 2000)] == ["0 servers", "1 server", "2,000 servers"]
