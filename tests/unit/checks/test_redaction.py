import pytest

from ldirectord_py.checks.redaction import redacted, redacted_sentence
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL


@pytest.mark.parametrize(
    ("text", "secrets", "shown"),
    [
        (b"-ERR no", (b"geheim",), "'-ERR no'"),
        (b"-ERR geheim geheim!", (b"geheim",), "'-ERR *** ***!'"),
        (b"-ERR GEHEIM", (b"Geheim",), "'-ERR ***'"),
        (b"-ERR a+b", (b"a+b", b""), "'-ERR ***'"),
        (b"def", (b"abc\r\ndef",), "'***'"),
        (b"x" * 98 + b"geheim", (b"geheim",), f"'{'x' * 98}**...'"),
        (b"\xff\r", (), r"'\xff\r'"),
    ],
)
def test_what_was_told_is_not_shown(text, secrets, shown) -> None:
    assert redacted(text, *secrets) == shown


@pytest.mark.parametrize(
    ("sentence", "secrets", "shown"),
    [
        ("got 'no'", (b"geheim",), "got 'no'"),
        ("got 'geheim, Geheim'", (b"geheim",), "got '***, ***'"),
        ("got 'gehe...'", (b"geheim",), "got '***...'"),
        ("got 'geh...'", (b"geheim",), "got 'geh...'"),
        ("got 'gehe' and 'x...'", (b"geheim",), "got 'gehe' and 'x...'"),
        (r"got 'a\tb\xff'", (b"a\tb\xff",), "got '***'"),
        (r"got 'schl\xc3...'", ("schlüssel".encode(),), "got '***...'"),
        ("x" * (LONGEST_DETAIL - 4) + "GEHE", (b"geheim",), "x" * (LONGEST_DETAIL - 4) + "***"),
        ("got 'abc def'", (b"abc def", b"def"), "got '***'"),
    ],
)
def test_nor_is_it_in_a_sentence_that_quotes_it(sentence: str, secrets: tuple[bytes, ...], shown: str) -> None:
    assert redacted_sentence(sentence, *secrets) == shown
