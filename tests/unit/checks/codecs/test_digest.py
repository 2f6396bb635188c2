import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.codecs.digest import Credentials

# The example of RFC 7616 §3.9.1, with MD5 and SHA-256; and that of RFC 2617 §3.5.
MUFASA = Credentials(username="Mufasa", passwd="Circle of Life")
OLD_MUFASA = Credentials(username="Mufasa", passwd="Circle Of Life")
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
NEW = f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=%s, nonce="{NONCE}", opaque="{OPAQUE}"'


def answer(*challenges: str, who: Credentials = MUFASA) -> str | None:
    return who.answer(challenges, method="GET", uri="/dir/index.html", cnonce=CNONCE)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    assert answer(NEW % algorithm) == (
        f'Digest username="Mufasa", realm="http-auth@example.org", nonce="{NONCE}", uri="/dir/index.html", '
        f'response="{response}", algorithm={algorithm}, opaque="{OPAQUE}", qop=auth, nc=00000001, cnonce="{CNONCE}"'
    )


def test_the_example_of_rfc_2617() -> None:
    challenge = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    made = OLD_MUFASA.answer([challenge], method="GET", uri="/dir/index.html", cnonce="0a4f113b")
    assert made is not None
    assert 'response="6629fae49393a05397450978507c4ef1"' in made
    assert "algorithm" not in made


def test_without_qop_it_is_the_old_digest() -> None:
    made = answer('digest realm="r", nonce=abc')
    assert made is not None
    assert made.startswith('Digest username="Mufasa", realm="r", nonce="abc"')
    assert "qop" not in made
    assert "cnonce" not in made


@pytest.mark.parametrize("algorithm", ["MD5-sess", "SHA-256-sess"])
def test_a_session_has_a_cnonce(algorithm: str) -> None:
    made = answer(f'Digest realm="r", nonce="n", algorithm={algorithm}')
    assert made is not None
    assert "cnonce" in made
    assert made != answer('Digest realm="r", nonce="n"')


def test_the_first_challenge_that_we_know_is_answered() -> None:
    made = answer("Basic realm=x", NEW % "SHA-512-256", NEW % "SHA-256", NEW % "MD5")
    assert made is not None
    assert "algorithm=SHA-256" in made


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Digest",
        "Digest ",
        "Basic realm=x",
        NEW % "SHA-512-256",
        'Digest realm="x"',
        'Digest nonce="x", qop="auth-int"',
    ],
)
def test_what_we_do_not_know_is_not_answered(challenge: str) -> None:
    assert answer(challenge) is None


@given(st.text(max_size=200), st.sampled_from(["", "Digest ", 'Digest nonce="x", ']))
def test_no_challenge_crashes_it(text: str, start: str) -> None:
    answer(start + text)


@pytest.mark.parametrize("text", ["a" * 16000, 'a="' * 5000, "a " * 8000, "a=" + " " * 16000, '\\"' * 8000])
def test_a_long_challenge_takes_no_long_time(text: str) -> None:
    for _ in range(20):
        answer("Digest " + text)


def test_the_secret_does_not_show() -> None:
    assert "Circle" not in repr(MUFASA)
    assert "Circle" not in str(answer(NEW % "MD5"))
