from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.quoting import quoted


def test_text_stands_between_apostrophes() -> None:
    assert quoted(b"I'm alive!") == "'I'm alive!'"
    assert quoted("grün\t€\n\x1b\xff".encode("latin-1", "ignore") + b"\xff") == r"'gr\xfcn\t\n\x1b\xff\xff'"


def test_long_text_is_cut() -> None:
    assert quoted(b"x" * 61) == f"'{'x' * 60}...'"
    assert quoted(b"x" * 60) == f"'{'x' * 60}'"


@given(st.binary())
def test_whatever_it_is_it_can_be_printed_on_one_line(text: bytes) -> None:
    assert quoted(text).isprintable()
