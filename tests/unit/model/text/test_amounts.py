import pytest

from ldirectord_py.model.text.amounts import amount


@pytest.mark.parametrize(
    ("number", "unit", "words"),
    [(0, "", "0"), (12, "", "12"), (0.25, "/s", "0.2 /s"), (1.2e6, "B/s", "1.2 MB/s"), (34e9, "B/s", "34 GB/s")],
)
def test_an_amount_is_short(number: float, unit: str, words: str) -> None:
    assert amount(number, unit) == words
