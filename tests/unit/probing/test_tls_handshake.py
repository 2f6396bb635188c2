"""What a server's records choose is seen before OpenSSL computes with it, however the bytes are cut."""

from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ldirectord_py.checks.tls_contexts import finite_suites
from ldirectord_py.probing.tls_handshake import (
    CHEAP_CERTIFICATES,
    LARGEST_CERTIFICATES,
    LARGEST_GROUP,
    LARGEST_HANDSHAKE,
    MOST_MESSAGES,
    PIECE,
    HandshakeRefused,
    ServerHandshake,
    ServerRecords,
    read_hello,
)
from tests.peers.tls_flights import (
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    DHE_RSA_AES128_GCM,
    ECDHE_RSA_AES128_GCM,
    FFDHE,
    HANDSHAKE,
    SERVER_HELLO,
    SERVER_HELLO_DONE,
    certificates,
    extension,
    hello,
    hello_of_1_3,
    in_records,
    key_exchange,
    message,
    record,
)

X25519 = 0x001D
SMALL = certificates(b"c" * 1000)
DONE = message(SERVER_HELLO_DONE, b"")
CHANGE = record(CHANGE_CIPHER_SPEC, b"\1")
DHE = hello(DHE_RSA_AES128_GCM)
ECDHE = hello(ECDHE_RSA_AES128_GCM, None)


def prime(bits: int) -> int:
    return 1 << bits - 1 | 1


@dataclass(frozen=True)
class Seen:
    refused: str
    is_expensive: bool


def seen(*portions: bytes, done_after: int | None = None) -> Seen:
    """Return what is seen in *portions*; the handshake is done after the first *done_after* of them."""
    handshake = ServerHandshake(finite_suites())
    records = ServerRecords(handshake)
    for number, portion in enumerate(portions):
        if number == done_after:
            handshake.finish()
        try:
            handed_on = b"".join(piece for piece, _ in records.pieces(portion))
        except HandshakeRefused as refused:
            return Seen(str(refused), is_expensive=handshake.is_expensive)
        assert handed_on == portion
    return Seen("", handshake.is_expensive)


CHEAP, EXPENSIVE = Seen("", is_expensive=False), Seen("", is_expensive=True)


def too_large(bits: int) -> str:
    return f"the server's Diffie-Hellman group has {bits} bits: at most 4096 are taken"


@pytest.mark.parametrize("bits", [512, 2048, LARGEST_GROUP])
def test_a_group_of_the_servers_own_is_expensive(bits: int) -> None:
    assert seen(in_records(DHE + SMALL + key_exchange(prime(bits)) + DONE)) == EXPENSIVE


@pytest.mark.parametrize("bits", [LARGEST_GROUP + 1, 6144, 8192, 10_000, 60_000])
def test_a_group_of_the_servers_own_that_is_too_large_is_refused(bits: int) -> None:
    assert seen(in_records(DHE + SMALL + key_exchange(prime(bits)) + DONE)).refused == too_large(bits)


def test_leading_zeros_make_no_group_larger() -> None:
    assert seen(in_records(DHE + SMALL + key_exchange(prime(2048), 2000) + DONE)) == EXPENSIVE


def test_where_dhe_was_not_chosen_the_key_exchange_is_no_group() -> None:
    """Its first bytes, of a curve and a point, would be the length of a prime."""
    on_a_curve = message(12, b"\3\0\x17\x41" + b"\4" * 1500)

    assert seen(in_records(ECDHE + SMALL + on_a_curve + DONE)) == CHEAP
    assert seen(in_records(DHE + SMALL + on_a_curve + DONE)).refused == too_large(8 * 768 - 3)


@pytest.mark.parametrize("retry", [True, False])
@pytest.mark.parametrize(("bits", "group"), FFDHE.items())
def test_the_finite_groups_of_tls_1_3(bits: int, group: int, *, retry: bool) -> None:
    first = hello_of_1_3(group, retry=retry, share=b"s" * (bits // 8))

    assert seen(in_records(first)) == (
        EXPENSIVE if bits <= LARGEST_GROUP else Seen(too_large(bits), is_expensive=False)
    )


def test_a_group_that_comes_after_a_retry_is_seen_too() -> None:
    first, second = hello_of_1_3(X25519, retry=True), hello_of_1_3(FFDHE[8192], retry=False)

    assert seen(in_records(first) + CHANGE + in_records(second)).refused == too_large(8192)


@pytest.mark.parametrize("dhe_number", [DHE_RSA_AES128_GCM, 0x0033, 0x0039, 0xCCAA])
def test_the_suites_with_a_group_are_known(dhe_number: int) -> None:
    assert dhe_number in finite_suites()
    assert ECDHE_RSA_AES128_GCM not in finite_suites()


@pytest.mark.parametrize(
    ("size", "found"),
    [
        (CHEAP_CERTIFICATES, CHEAP),
        (CHEAP_CERTIFICATES + 1, EXPENSIVE),
        (LARGEST_CERTIFICATES, EXPENSIVE),
        (
            LARGEST_CERTIFICATES + 1,
            Seen("the server's certificates have 60001 bytes: at most 60000 are taken", is_expensive=False),
        ),
    ],
)
def test_certificates_are_measured_before_they_are_there(size: int, found: Seen) -> None:
    beginning = certificates(b"c" * (size - 6))[:2000]

    assert seen(in_records(ECDHE + beginning)) == found


def test_in_tls_1_3_what_is_encrypted_counts_as_certificates() -> None:
    first = in_records(hello_of_1_3(X25519, retry=False)) + CHANGE

    assert seen(first + record(APPLICATION_DATA, b"e" * CHEAP_CERTIFICATES)) == CHEAP
    assert seen(first, *[record(APPLICATION_DATA, b"e" * 1100)] * 4) == EXPENSIVE


def test_a_handshake_has_a_largest_size() -> None:
    hidden = record(APPLICATION_DATA, b"e" * 16_000)
    beginning = in_records(hello_of_1_3(X25519, retry=False))

    refused = seen(beginning, *[hidden] * 5).refused

    assert seen(beginning, *[hidden] * 4) == EXPENSIVE
    assert refused == "the server sent more than 65536 bytes, certificates included, before the TLS handshake was done"
    assert seen(beginning, *[hidden] * 5, done_after=4).refused == ""
    assert LARGEST_HANDSHAKE > LARGEST_CERTIFICATES


def test_a_handshake_has_a_largest_number_of_messages() -> None:
    ignored = message(0, b"")  # HelloRequest, RFC 5246 §7.4.1.1

    assert seen(in_records(ignored * MOST_MESSAGES)) == CHEAP
    assert "more than 32 messages" in seen(in_records(ignored * (MOST_MESSAGES + 1))).refused


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\3\3" + b"r" * 32,
        b"\3\3" + b"r" * 32 + b"\x20session",
        hello(DHE_RSA_AES128_GCM, extension(43, b"\3\4"))[4:-1],
        hello(DHE_RSA_AES128_GCM, b"\0\x2b\0")[4:],
    ],
)
def test_a_hello_that_is_cut_short_is_refused(body: bytes) -> None:
    assert seen(in_records(message(SERVER_HELLO, body))).refused.startswith("the server's TLS hello ends amid")


def test_what_the_server_seals_is_not_read() -> None:
    """In TLS 1.2 what follows a change of cipher is encrypted, and may look like anything."""
    anything = record(HANDSHAKE, certificates(b"c" * 65_000)[:40])

    assert seen(in_records(ECDHE) + CHANGE + anything) == CHEAP
    assert seen(CHANGE + in_records(ECDHE) + anything).refused


def test_a_change_of_cipher_hides_nothing_in_tls_1_3() -> None:
    first = in_records(hello_of_1_3(X25519, retry=True)) + CHANGE

    assert seen(first + in_records(hello_of_1_3(FFDHE[6144], retry=False))).refused == too_large(6144)


def test_a_negotiation_that_begins_anew_is_expensive() -> None:
    """It is encrypted, except for the types of its records: what it will choose cannot be seen."""
    first, data, anew = in_records(ECDHE), record(APPLICATION_DATA, b"x" * 9000), record(HANDSHAKE, b"e" * 40)

    assert seen(first, data, done_after=1) == CHEAP
    assert seen(first, data, anew, done_after=1) == EXPENSIVE


def test_a_handshake_that_is_done_was_expensive() -> None:
    assert seen(in_records(DHE + SMALL + key_exchange(prime(2048))), b"", done_after=1) == CHEAP


def test_records_are_handed_on_a_few_at_a_time() -> None:
    small = record(APPLICATION_DATA, b"x")
    records = ServerRecords(ServerHandshake(finite_suites()))

    pieces = list(records.pieces(small * 40 + small[:3]))

    assert [(len(piece) // len(small), count) for piece, count in pieces] == [(PIECE, PIECE), (PIECE, PIECE), (8, 8)]
    assert list(records.pieces(small[3:] + small)) == [(small[3:] + small, 2)]


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"\x80\x2e\1\0\2", bytes(50)])
def test_what_is_no_tls_is_handed_on_as_it_is(said: bytes) -> None:
    assert seen(said, said * 100) == CHEAP


messages = st.one_of(
    st.sampled_from([DHE, ECDHE, SMALL, DONE, hello_of_1_3(FFDHE[8192], retry=True)]),
    st.sampled_from([hello_of_1_3(group, retry=False) for group in (X25519, FFDHE[2048])]),
    st.sampled_from([key_exchange(prime(bits)) for bits in (2048, 4096, 4097)]),
    st.sampled_from([certificates(b"c" * size) for size in (4000, 6000)]),
    st.builds(message, st.integers(0, 30), st.binary(max_size=60)),
)
flights = st.one_of(
    st.builds(in_records, st.lists(messages, max_size=5).map(b"".join), st.integers(20, 16384)),
    st.lists(
        st.builds(record, st.sampled_from((20, 21, 22, 23, 24)), st.binary(max_size=80)), max_size=6
    ).map(b"".join),
    st.binary(max_size=200),
)  # fmt: skip


def portions(wire: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(wire)) for cut in cuts} | {0, len(wire)})
    return [wire[start:end] for start, end in pairwise(places)]


@given(
    st.lists(flights, max_size=4).map(lambda some: b"".join(some)[:LARGEST_HANDSHAKE]),
    st.lists(st.integers(0, 40_000), max_size=30),
)
@example(in_records(DHE + SMALL + key_exchange(prime(8192)), 50), list(range(3000)))
@example(in_records(DHE) + CHANGE + in_records(certificates(b"c" * 6000)), list(range(7000)))
def test_however_the_bytes_are_cut_what_is_seen_is_the_same(wire: bytes, cuts: list[int]) -> None:
    assert seen(*portions(wire, cuts)) == seen(wire)


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(0, 20))
def test_bytes_that_mean_nothing_raise_nothing_else(received: list[bytes], done_after: int) -> None:
    seen(*received, done_after=done_after)  # an exception of another kind fails the test


@given(st.binary(max_size=200))
def test_a_hello_is_read_or_refused(body: bytes) -> None:
    with suppress(HandshakeRefused):
        assert read_hello(body).suite <= 0xFFFF
