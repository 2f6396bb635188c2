"""Secrets in bytes that came in pieces."""

from base64 import b64encode
from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.model.text.withheld import pieces_without

SECRETS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*\\x"), min_size=4, max_size=12)


def pieces(stream: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = [0, *sorted({cut % (len(stream) + 1) for cut in cuts}), len(stream)]
    return [stream[start:end] for start, end in pairwise(places)]


@given(st.binary(max_size=20), SECRETS, st.binary(max_size=20), st.lists(st.integers(0, 100), max_size=5))
def test_no_cut_brings_a_secret_to_light(before: bytes, secret: str, after: bytes, cuts: list[int]) -> None:
    stream = before + secret.encode() + after
    withheld = "".join(pieces_without(pieces(stream, cuts), [secret]))
    whole = "".join(pieces_without([stream], [secret]))

    assert "***" in whole
    assert secret.lower() not in withheld.lower()


@given(st.binary(max_size=40), st.lists(st.integers(0, 100), max_size=5))
def test_what_is_no_secret_is_shown_piece_by_piece(stream: bytes, cuts: list[int]) -> None:
    cut = pieces(stream, cuts)
    assert pieces_without(cut, []) == [shown for piece in cut for shown in pieces_without([piece], [])]


@given(SECRETS, st.binary(max_size=5), st.binary(max_size=5))
def test_base64_of_a_secret_with_others_around_it_tells_nothing_of_it(secret: str, before: bytes, after: bytes) -> None:
    encoded = b64encode(before + secret.encode() + after)
    (shown,) = pieces_without([b"<" + encoded + b">"], [secret])
    left = shown.replace("***", "").strip("<>=")

    # of the letters that are left, all stand for what was around the secret
    assert len(left) * 6 < (len(before) + len(after)) * 8 + 6


@pytest.mark.parametrize(
    ("secret", "written", "shown"),
    [
        ("hunter22", b"PASS HUNTER22\r\n", r"PASS ***\r\n"),
        ("pass word", f"GET /?p={quote('pass word')}".encode(), "GET /?p=***"),
        ("pass%20word", b"LOGIN pass word.", "LOGIN ***."),
        ('say "a\\b"', rb'LOGIN "say \"a\\b\""', 'LOGIN "***"'),
        ("first\nsecond", b"first of second", "*** of ***"),
        ("hunter22", b"hunter22".hex().upper().encode(), "***"),
        ("alice@example.org", b"no alice here", "no *** here"),
        ("hunter22", b"it said hunte", "it said ***"),
        ("hunter22", b"it said hun", "it said hun"),
        ("", b"anything", "anything"),
        ("x", b"GET /\r\nauthorization:  Digest abc\r\nA: b", r"GET /\r\nauthorization:  ***\r\nA: b"),
        ("x", b"Cookie: a=b; c=d", "Cookie: ***"),
        ("x", b"\x1b[2J", r"\x1b[2J"),
    ],
)
def test_a_secret_is_found_as_protocols_write_it(secret: str, written: bytes, shown: str) -> None:
    assert pieces_without([written], [secret]) == [shown]
