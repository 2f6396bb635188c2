import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.api.page.words import SHORTLY, amount, count, maybe, milliseconds, moment, sentence, span

NOW = 1_790_000_000.0


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
    assert span(seconds) == words


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_longer_time_is_never_told_in_a_smaller_unit(one: float, other: float) -> None:
    units = {"s": 0, "min": 1, "h": 2, "d": 3}
    shorter, longer = sorted((one, other))
    assert units[span(shorter).split()[1]] <= units[span(longer).split()[1]]


def test_a_moment_is_told_beside_now_and_in_utc() -> None:
    shown = moment(NOW - 250, NOW)
    assert (shown.words, shown.iso, shown.clock) == ("4 min", "2026-09-21T14:09:10Z", "14:09:10")
    assert moment(NOW + 3, NOW).words == "3 s"
    assert moment(NOW + 0.2, NOW).words == SHORTLY
    assert maybe(None, NOW) is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0004, "0.4 ms"), (0.0099, "9.9 ms"), (0.012, "12 ms"), (1.24, "1.2 s")]
)
def test_how_long_a_check_took_has_two_digits_or_so(seconds: float, words: str) -> None:
    assert milliseconds(seconds) == words


@pytest.mark.parametrize(
    ("number", "unit", "words"),
    [(0, "", "0"), (12, "", "12"), (0.25, "/s", "0.2 /s"), (1.2e6, "B/s", "1.2 MB/s"), (34e9, "B/s", "34 GB/s")],
)
def test_an_amount_is_short(number: float, unit: str, words: str) -> None:
    assert amount(number, unit) == words


def test_nouns_and_sentences_are_proper_english() -> None:
    assert [count(number, "server") for number in (0, 1, 2, 1000)] == [
        "0 servers",
        "1 server",
        "2 servers",
        "1,000 servers",
    ]
    assert sentence("its weight is 1") == "Its weight is 1."
    assert sentence(" no answer! ") == "No answer!"
    assert sentence("tcp:10.0.0.1:80 has a fallback") == "tcp:10.0.0.1:80 has a fallback."
    assert sentence("") == ""
