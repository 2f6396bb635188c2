from collections.abc import Iterable
from ipaddress import ip_address

import pytest
from h2.errors import ErrorCodes
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.grpc.conversation import Grpc
from ldirectord_py.checks.grpc.http2_frames import LARGEST, MOST_BYTES, MOST_FRAMES
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import PeerClosed, PeerTooLong, Transport
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe, TlsOptions
from ldirectord_py.model.service import AddressKey, Protocol
from tests.peers.options import planned
from tests.peers.scripted import Reset, ScriptedPeer, pieces

REAL = Endpoint(ip_address("10.0.0.5"), 50051)
TCP = AddressKey(Protocol.TCP, Endpoint(ip_address("10.0.0.1"), 443))
CHECK = Grpc(authority="shop.example.org")
OK = up("SERVING")

UNKNOWN = 0xFA
"""A type of frame that nobody has defined, and everybody passes over (RFC 9113 §5.5)."""

Pairs = Iterable[tuple[str, str]]
HEADERS = ((":status", "200"), ("content-type", "application/grpc"))
TRAILERS = (("grpc-status", "0"), ("grpc-message", ""))
SETTINGS = SettingsFrame(0, settings={4: 65535}).serialize()


def headers(pairs: Pairs, *flags: str) -> bytes:
    """Return a header block that needs no table, so that blocks can be put together at will."""
    block = Encoder().encode([(name, value, True) for name, value in pairs])
    return HeadersFrame(1, block, flags=["END_HEADERS", *flags]).serialize()


def data(message: bytes, *flags: str, compressed: int = 0) -> bytes:
    return DataFrame(1, bytes([compressed]) + len(message).to_bytes(4) + message, flags=flags).serialize()


def answer(message: bytes = b"\x08\x01", trailers: Pairs = TRAILERS, before: Pairs = HEADERS) -> bytes:
    return headers(before) + data(message) + headers(trailers, "END_STREAM")


def refusal(code: str, *more: tuple[str, str]) -> bytes:
    return headers((*HEADERS, ("grpc-status", code), *more), "END_STREAM")


def unbuilt(kind: int | None, body: bytes, stream: int = 0, flags: int = 0) -> bytes:
    assert kind is not None
    return len(body).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + body


def status(detail: str) -> Outcome:
    return down(Reason.STATUS, detail)


def protocol(detail: str) -> Outcome:
    return down(Reason.PROTOCOL, detail)


def message(detail: str) -> Outcome:
    return protocol(f"expected a message of the health service: {detail}")


def goaway(code: int, last: int, more: bytes = b"") -> bytes:
    return GoAwayFrame(0, last_stream_id=last, error_code=code, additional_data=more).serialize()


NO_HEALTH = "UNIMPLEMENTED: the server has no health service (grpc.health.v1.Health)"
CASES: dict[str, tuple[bytes, Outcome]] = {
    "serving": (answer(), OK),
    "after much else": (
        SettingsFrame(0, flags=["ACK"]).serialize()
        + WindowUpdateFrame(0, window_increment=5).serialize()
        + PingFrame(0, b"12345678").serialize()
        + unbuilt(UNKNOWN, b"grease")
        + answer(),
        OK,
    ),
    "interim headers": (headers(((":status", "103"), ("link", "x"))) + answer(), OK),
    "in two pieces": (
        headers(HEADERS) + DataFrame(1, b"\0\0\0\0").serialize() + DataFrame(1, b"\x02\x08\x01").serialize()
        + headers(TRAILERS, "END_STREAM"),
        OK,
    ),
    "headers that go on": (
        HeadersFrame(1, Encoder().encode(HEADERS)[:5]).serialize()
        + ContinuationFrame(1, Encoder().encode(HEADERS)[5:], flags=["END_HEADERS"]).serialize()
        + data(b"\x08\x01")
        + headers(TRAILERS, "END_STREAM"),
        OK,
    ),
    "with fields that nobody knows": (answer(b"\x12\x03abc\x09--------\x15----\x08\x01\x18\xff\x01"), OK),
    "the last word counts": (answer(b"\x08\x01\x08\x02"), status("NOT_SERVING, expected SERVING")),
    "not serving": (answer(b"\x08\x02"), status("NOT_SERVING, expected SERVING")),
    "unknown": (answer(b"\x08\x00"), status("UNKNOWN, expected SERVING")),
    "nothing is unknown": (answer(b""), status("UNKNOWN, expected SERVING")),
    "service unknown": (answer(b"\x08\x03"), status("SERVICE_UNKNOWN, expected SERVING")),
    "a state of the future": (answer(b"\x08\x84\x01"), status("the unknown code 132, expected SERVING")),
    "unimplemented": (refusal("12", ("grpc-message", "unknown service")), status(NO_HEALTH)),
    "not found": (
        refusal("5"),
        status("NOT_FOUND: the server says nothing of itself as a whole, name one of its services in request"),
    ),
    "unavailable": (refusal("14"), status("UNAVAILABLE")),
    "with a message": (
        refusal("16", ("grpc-message", "wer%20da%3F %C3%BC%0A")),
        status(r"UNAUTHENTICATED: the server says 'wer da? ü\n'"),
    ),
    "a code of the future": (refusal("17"), status("the unknown code 17")),
    "serving, but it went wrong": (answer(trailers=(("grpc-status", "13"),)), status("INTERNAL")),
    "another status of HTTP": (
        headers(((":status", "503"), ("content-type", "text/html")), "END_STREAM"),
        status("HTTP status 503, expected 200"),
    ),
    "a status that is none": (
        headers(((":status", "ok"),), "END_STREAM"), status("HTTP status ok, expected 200")
    ),
    "no gRPC": (
        headers(((":status", "200"), ("content-type", "text/html")), "END_STREAM"),
        protocol("expected an answer of type application/grpc, but got 'text/html'"),
    ),
    "no type": (
        headers(((":status", "200"),), "END_STREAM"),
        protocol("expected an answer of type application/grpc, but got ''"),
    ),
    "no grpc-status": (
        headers(HEADERS) + data(b"\x08\x01", "END_STREAM"), protocol("expected a grpc-status, a number, but got ''")
    ),
    "an odd grpc-status": (refusal("-1"), protocol("expected a grpc-status, a number, but got '-1'")),
    "a long grpc-status": (refusal("000"), protocol("expected a grpc-status, a number, but got '000'")),
    "no message": (
        headers(HEADERS) + headers(TRAILERS, "END_STREAM"), message("0 bytes are no message"),
    ),
    "a compressed message": (
        headers(HEADERS) + data(b"\x08\x01", compressed=1) + headers(TRAILERS, "END_STREAM"),
        message("the message is compressed, which nobody asked for"),
    ),
    "two messages": (
        headers(HEADERS) + data(b"\x08\x01") * 2 + headers(TRAILERS, "END_STREAM"),
        message("its length is another than it says"),
    ),
    "half a number": (answer(b"\x08\x80"), message("a number does not end")),
    "an endless number": (answer(b"\x08" + b"\x80" * 20), message("a number does not end")),
    "half a field": (answer(b"\x12\x05abc"), message("a field does not end")),
    "a field of no type": (answer(b"\x0b"), message("a field has the unknown type 3")),
    "reset": (
        RstStreamFrame(1, error_code=ErrorCodes.REFUSED_STREAM).serialize(),
        status("the server refused the request with REFUSED_STREAM"),
    ),
    "reset with a code of the future": (
        RstStreamFrame(1, error_code=99).serialize(), status("the server refused the request with the unknown code 99")
    ),
    "reset when all is said": (answer() + RstStreamFrame(1, error_code=0).serialize(), OK),
    "goes away": (goaway(0, 0), status("the server ends the connection with NO_ERROR")),
    "goes away in anger": (
        goaway(11, 1, b"too_many_pings"),
        status("the server ends the connection with ENHANCE_YOUR_CALM: 'too_many_pings'"),
    ),
    "goes away once it has answered": (goaway(0, 2**31 - 1) + answer(), OK),
    "answers and goes away": (answer() + goaway(2, 0) + b"rubbish", OK),
    "a window of nothing": (
        SettingsFrame(0, settings={4: 0}).serialize()
        + SettingsFrame(0, settings={4: 2**31 - 1}).serialize()
        + answer(),
        OK,
    ),
    "a table of nothing": (SettingsFrame(0, settings={1: 0}).serialize() + answer(), OK),
}  # fmt: skip
BOMB = b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000 + b"\xbe" * 9000
"""A header of 4,000 bytes that goes into the table (RFC 7541 §6.2.1), and is named 9,000 times, in a byte each."""
MALFORMED = {
    "a window too wide": SettingsFrame(0, settings={4: 2**31}).serialize(),
    "windows that add up": WindowUpdateFrame(0, window_increment=2**31 - 1).serialize() * 2,
    "a window of no step": unbuilt(WindowUpdateFrame.type, bytes(4)),
    "a push": PushPromiseFrame(1, 2, Encoder().encode(HEADERS), flags=["END_HEADERS"]).serialize(),
    "another stream": HeadersFrame(3, Encoder().encode(HEADERS), flags=["END_HEADERS"]).serialize(),
    "data ahead of headers": data(b"\x08\x01"),
    "trailers that do not end": headers(HEADERS) + headers(TRAILERS),
    "a block that is none": HeadersFrame(1, b"\xff\xff\xff", flags=["END_HEADERS"]).serialize(),
    "capitals": headers((*HEADERS, ("X-Y", "z"))),
    "headers without status": headers((("content-type", "application/grpc"),)),
    "bad padding": unbuilt(DataFrame.type, b"\xff", stream=1, flags=8),
    "a ping of 7 bytes": unbuilt(PingFrame.type, bytes(7)),
    "headers amid headers": HeadersFrame(1, b"").serialize() * 2,
    "endless headers": HeadersFrame(1, b"").serialize() + ContinuationFrame(1, b"").serialize() * 100,
    "a bomb": HeadersFrame(
        1, b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000 + b"\xbe" * 4000, flags=["END_HEADERS"]
    ).serialize(),
}


@pytest.mark.parametrize(("said", "expected"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("size", [1 << 20, 1, 7])
async def test_the_verdict_follows_the_answer(said: bytes, expected: Outcome, size: int) -> None:
    said = SETTINGS + said
    assert await CHECK.probe(ScriptedPeer(*pieces(said, range(0, len(said), size)))) == expected


async def test_a_service_that_the_server_does_not_know_is_named() -> None:
    outcome = await Grpc(service="shop.Cärt", authority="x").probe(ScriptedPeer(SETTINGS + refusal("5")))
    assert outcome == status("NOT_FOUND: the server does not know the service 'shop.Cärt'")


@pytest.mark.parametrize("said", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_breaks_the_protocol_is_down(said: bytes) -> None:
    outcome = await CHECK.probe(ScriptedPeer(SETTINGS + said))
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.PROTOCOL)
    assert outcome.detail.startswith("the server's HTTP/2 is malformed")


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (
            b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
            "the server answers in HTTP/1, expected HTTP/2: got 'HTTP/1.1 400 Bad Request'",
        ),
        (b"\x15\x03\x03\x00\x02\x02\x32", "the server speaks TLS on this port: use service grpcs"),
        (b"220 smtp.example.org\r\n", r"expected HTTP/2, but got '220 smtp.example.org\r\n'"),
        (b"no", "expected HTTP/2, but got 'no'"),
        (answer(), "expected HTTP/2, but got "),
        (
            SETTINGS + unbuilt(DataFrame.type, bytes(LARGEST + 1), 1),
            "the server sends a frame of 16385 bytes, where at most",
        ),
    ],
    ids=["HTTP/1.1", "TLS", "SMTP", "half a frame", "no settings", "a frame too long"],
)
async def test_what_is_no_http_2_is_down(said: bytes, detail: str) -> None:
    outcome = await CHECK.probe(ScriptedPeer(said))
    assert outcome.reason is Reason.PROTOCOL
    assert outcome.detail.startswith(detail)


ENDLESS = {
    "settings": SETTINGS,
    "pings": PingFrame(0, b"12345678").serialize(),
    "windows": WindowUpdateFrame(0, window_increment=1).serialize(),
    "frames that nobody knows": unbuilt(UNKNOWN, b""),
    "interim headers": headers(((":status", "100"),)),
    "large frames": unbuilt(UNKNOWN, bytes(LARGEST)),
    "goodbyes": goaway(0, 1),
}


@pytest.mark.parametrize("said", ENDLESS.values(), ids=ENDLESS.keys())
async def test_an_endless_answer_is_not_read_to_its_end(said: bytes) -> None:
    chunk = said * (4096 // len(said) + 1)
    peer = ScriptedPeer(SETTINGS, *[chunk] * 5000)
    with pytest.raises(PeerTooLong):
        await CHECK.probe(peer)
    assert peer.reads <= MOST_BYTES // 4096 + 8
    assert sum(map(len, peer.heard)) < MOST_FRAMES * 20 + 400


async def test_an_endless_body_is_not_read_to_its_end() -> None:
    peer = ScriptedPeer(SETTINGS + headers(HEADERS), *[DataFrame(1, bytes(1000)).serialize()] * 5000)
    with pytest.raises(PeerTooLong):
        await CHECK.probe(peer)


@pytest.mark.parametrize("said", [b"", SETTINGS, SETTINGS + answer()[:-1], SETTINGS + goaway(0, 1)])
async def test_an_answer_that_ends_early_is_closed(said: bytes) -> None:
    with pytest.raises(PeerClosed, match="before its answer was complete"):
        await CHECK.probe(ScriptedPeer(said))


async def test_errors_of_the_network_are_the_probers() -> None:
    with pytest.raises(Reset):
        await CHECK.probe(ScriptedPeer(SETTINGS, Reset))


async def test_the_request_is_sent_at_once_and_nothing_more_once_it_is_answered() -> None:
    peer = ScriptedPeer(SETTINGS + answer(), Reset)
    assert await Grpc(service="shop.Cart", authority="shop.example.org").probe(peer) == OK
    (heard,) = peer.heard
    assert heard.startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert heard.endswith(b"\0\0\x10\0\x01\0\0\0\x01" + b"\0\0\0\0\x0b" + b"\x0a\x09shop.Cart")


async def test_pings_and_settings_are_answered_before_we_wait() -> None:
    peer = ScriptedPeer(SETTINGS + PingFrame(0, b"12345678").serialize(), answer())
    assert await CHECK.probe(peer) == OK
    assert peer.heard[1:] == [
        SettingsFrame(0, flags=["ACK"]).serialize() + PingFrame(0, b"12345678", flags=["ACK"]).serialize()
    ]


FRAGMENTS = [SETTINGS, headers(HEADERS), data(b"\x08\x01"), headers(TRAILERS, "END_STREAM"), goaway(0, 1), refusal("5")]
BODIES = st.builds(
    lambda kind, flags, stream, body: len(body).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + body,
    st.integers(0, 12), st.integers(0, 255), st.sampled_from([0, 1, 2, 3, 2**32 - 1]), st.binary(max_size=24),
)  # fmt: skip


@given(
    st.lists(st.sampled_from(FRAGMENTS) | BODIES | st.binary(max_size=12), max_size=12).map(b"".join),
    st.booleans(),
    st.lists(st.integers(0, 400), max_size=6),
)
async def test_no_bytes_crash_it_and_cuts_do_not_count(said: bytes, begins: bool, cuts: list[int]) -> None:
    said = SETTINGS * begins + said
    found = []
    for way in ([said], pieces(said, cuts), pieces(said, range(len(said)))):
        peer = ScriptedPeer(*way)
        try:
            outcome = await CHECK.probe(peer)
            assert len(outcome.detail) <= LONGEST_DETAIL
            found.append((outcome.verdict, outcome.reason))
        except (PeerClosed, PeerTooLong) as error:
            found.append(type(error))
        assert sum(map(len, peer.heard)) < 400 + 20 * len(said)
    assert len(set(found)) == 1


@given(st.binary(max_size=40))
async def test_no_message_crashes_it(body: bytes) -> None:
    outcome = await CHECK.probe(ScriptedPeer(SETTINGS + answer(body)))
    assert outcome.reason in {Reason.OK, Reason.STATUS, Reason.PROTOCOL}


def probe(service: str = "grpc", own: str | None = None, **words: object) -> Probe:
    subject = CheckedServer(virtual=TCP, endpoint=REAL, request=own)
    return planned(CheckOptions(service=service, **words), subject)


def test_it_is_built_as_configured() -> None:
    assert probe() == Probe(
        check=Grpc(authority="10.0.0.5:50051"),
        target=CheckTarget(endpoint=REAL),
        timeout=30,
        asked=f"grpc health of the whole server at {REAL}",
    )
    made = probe(request="/shop.Cart", virtualhost="shop.example.org", negotiatetimeout=3.0)
    assert made.check == Grpc(service="shop.Cart", authority="shop.example.org")
    assert made.timeout == 3
    assert probe(own="/shop.Mail", request="/shop.Cart").check == Grpc(service="shop.Mail", authority="10.0.0.5:50051")


def test_grpcs_is_grpc_over_tls_with_h2_as_its_protocol() -> None:
    made = probe("grpcs", virtualhost="shop.example.org:443")
    tls = TlsOptions(server_name="shop.example.org", alpn=("h2",))
    assert made == Probe(
        check=Grpc(authority="shop.example.org:443", scheme="https"),
        target=CheckTarget(endpoint=REAL, transport=Transport.TLS, tls=tls),
        timeout=30,
        asked=made.asked,
    )


@pytest.mark.parametrize(
    ("words", "directive"),
    [
        ({"virtualhost": "a b"}, "virtualhost"),
        ({"virtualhost": "a/b"}, "virtualhost"),
        ({"virtualhost": "ü"}, "virtualhost"),
        ({"request": "/\udcff"}, "request"),
    ],
)
def test_what_cannot_be_asked_is_refused(words: dict[str, str], directive: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        probe(**words)
    assert refused.value.directive == directive


@pytest.mark.parametrize("service", ["grpc", "grpcs"])
def test_without_its_library_the_configuration_is_refused(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h2", None)
    with pytest.raises(InvalidOption) as refused:
        probe(service)
    assert refused.value.directive == "service"
    assert str(refused.value).startswith(f"service {service} needs a library: pip install 'ldirectord-py[grpc]'")


async def test_headers_that_would_take_long_to_unpack_are_too_long() -> None:
    frame = HeadersFrame(1, b"\x88" + b"\x00\x01a\x01b" * 1700, flags=["END_HEADERS"]).serialize()

    with pytest.raises(PeerTooLong, match="the answer's headers have more than 8 KiB"):
        await CHECK.probe(ScriptedPeer(SETTINGS + frame))
