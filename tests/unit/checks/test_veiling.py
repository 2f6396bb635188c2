import pytest

from ldirectord_py.checks.veiling import veiled


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
    assert veiled(text, *secrets) == shown
