import pytest

from ldirectord_py.api.page.words import SHORTLY, count, maybe, milliseconds, moment, sentence

NOW = 1_790_000_000.0


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
