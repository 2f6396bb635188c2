import pytest

from ldirectord_py.model.text.moments import date, span


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
