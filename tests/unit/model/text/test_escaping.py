"""What may be shown of others' text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.model.text.escaping import printable

anything = st.text(st.characters(codec=None) | st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Mn", "Me"]))


def longest_pile(text: str) -> int:
    longest = pile = 0
    for letter in text:
        pile = pile + 1 if unicodedata.category(letter).startswith("M") else 0
        longest = max(longest, pile)
    return longest


@given(anything)
def test_what_is_shown_is_printable_utf8_on_one_line_without_piles_of_marks(text):
    shown = printable(text)

    assert shown.isprintable()
    assert len(shown.encode().decode().splitlines()) <= 1
    assert longest_pile(shown) <= 4
    assert not shown or longest_pile(shown[0]) == 0


@given(anything)
def test_what_is_shown_is_shown_again_as_it_is(text):
    assert printable(printable(text)) == printable(text)


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_plain_text_stays_as_it_is(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Prüfung bestanden",
        "тест",
        "検査 ✓",
        "שָׁלוֹם",
        "ตรวจสอบแล้ว",
        "مُحَمَّد",
        unicodedata.normalize("NFD", "Đã từ chối kết nối"),
    ],
)
def test_languages_stay_as_they_are(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\0\x1b[2J\x7f", r"\x00\x1b[2J\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202edef\u2066", r"abc\u202edef\u2066"),
        ("\u2028\u2029\u200b\ufeff", r"\u2028\u2029\u200b\ufeff"),
        (b"caf\xe9".decode(errors="surrogateescape"), r"caf\xe9"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("\u0301a", r"\u0301a"),
        ("e" + "\u0301" * 6, "e" + "\u0301" * 4 + r"\u0301\u0301"),
        (r"\n stays", r"\n stays"),
    ],
)
def test_the_rest_becomes_escapes(text, shown):
    assert printable(text) == shown
