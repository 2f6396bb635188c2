import re
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.codecs.digest import Credentials
from ldirectord_py.checks.sip.answer import MOST_BODY, MOST_HEAD, MOST_LINES
from ldirectord_py.checks.sip.conversation import Sip
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import PeerClosed, Transport
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe
from ldirectord_py.model.service import AddressKey, MarkKey, Protocol
from tests.peers.options import planned
from tests.peers.scripted import Reset, ScriptedPeer, pieces

REAL = Endpoint(ip_address("10.0.0.5"), 5060)
TCP = AddressKey(Protocol.TCP, Endpoint(ip_address("10.0.0.1"), 5060))
UDP = AddressKey(Protocol.UDP, Endpoint(ip_address("10.0.0.1"), 5060))
URI = "sip:alice@example.org"
ALICE = Credentials(username="alice", passwd="rabbit-hole")
CHALLENGE = 'WWW-Authenticate: Digest realm="example.org", nonce="abc", qop="auth", algorithm=SHA-256'
OVER = [Transport.TCP, Transport.UDP]
OK = up("OPTIONS answered with '200 OK'")


def sip(transport: Transport = Transport.TCP, credentials: Credentials | None = None) -> Sip:
    return Sip(transport=transport, uri=URI, credentials=credentials)


def answer(status: str = "200 OK", *headers: str, body: bytes = b"") -> bytes:
    lines = (f"SIP/2.0 {status}", *headers, f"Content-Length: {len(body)}", "\r\n")
    return "\r\n".join(lines).encode() + body


class Server(ScriptedPeer):
    """Answers each request with what *respond* makes of it: messages, each a datagram or a piece."""

    def __init__(self, *respond: Callable[[bytes], list[bytes]]) -> None:
        super().__init__()
        self._respond = list(respond)

    async def send(self, data: bytes) -> None:
        await super().send(data)
        self._pieces += self._respond.pop(0)(data)


def header(request: bytes, name: str) -> str:
    found = re.search(rf"^{name}: (.*?)\r$".encode(), request, re.MULTILINE)
    assert found, name
    return found[1].decode()


def refused(status: str, hint: str = "") -> Outcome:
    return down(Reason.STATUS, f"OPTIONS answered with '{status}', expected 200{hint}")


def strange(line: str) -> Outcome:
    return down(Reason.PROTOCOL, f"expected a SIP status line, but got '{line}'")


CASES: dict[str, tuple[list[bytes], Outcome]] = {
    "serves": ([answer()], OK),
    "says so in other words": ([answer("200 Yes, gladly")], up("OPTIONS answered with '200 Yes, gladly'")),
    "says so without words": ([answer("200")], up("OPTIONS answered with '200'")),
    "another success": ([answer("202 Accepted")], refused("202 Accepted")),
    "busy": ([answer("503 Busy")], refused("503 Busy")),
    "tries, then serves": ([answer("100 Trying"), answer("180 Ringing", body=b"x" * 100), answer()], OK),
    "wants a password": (
        [answer("401 Unauthorized", CHALLENGE)],
        refused("401 Unauthorized", ": the server wants a password, set passwd"),
    ),
    "is not SIP": ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], strange("HTTP/1.1 400 Bad Request")),
    "is another SIP": ([b"SIP/3.0 200 OK\r\n\r\n"], strange("SIP/3.0 200 OK")),
    "asks instead": ([b"OPTIONS sip:x SIP/2.0\r\n\r\n"], strange("OPTIONS sip:x SIP/2.0")),
    "keeps the connection alive first": ([b"\r\n\r\n" + answer()], OK),
    "has bare LF": ([b"SIP/2.0 200 OK\nl: 0\n\n"], OK),
    "folds its headers": ([answer("100 Trying", "X: a\r\n b"), answer()], OK),
    "has odd headers": ([answer("200 OK", "no colon", ": no name", "CSeq: 1 OPTIONS")], OK),
    "has a length in words": ([answer("200 OK", "l: many")], OK),
}


@pytest.mark.parametrize(("said", "expected"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("transport", OVER)
async def test_the_verdict_follows_the_answer(said: list[bytes], expected: Outcome, transport: Transport) -> None:
    assert await sip(transport).probe(ScriptedPeer(*said)) == expected


async def test_the_request_is_as_the_rfc_has_it() -> None:
    peer = ScriptedPeer(answer())
    await sip().probe(peer)
    (request,) = peer.heard
    first, *lines = request.decode().split("\r\n")
    assert first == f"OPTIONS {URI} SIP/2.0"
    assert lines[-2:] == ["", ""]
    assert re.fullmatch(r"SIP/2\.0/TCP ldirectord-py\.invalid;rport;branch=z9hG4bK[0-9a-f]{16}", header(request, "Via"))
    assert re.fullmatch(rf"<{URI}>;tag=[0-9a-f]{{16}}", header(request, "From"))
    assert re.fullmatch(r"[0-9a-f]{32}", header(request, "Call-ID"))
    fixed = {
        "To": f"<{URI}>",
        "Contact": f"<{URI}>",
        "CSeq": "1 OPTIONS",
        "Max-Forwards": "70",
        "Accept": "application/sdp",
        "Content-Length": "0",
    }
    assert {name: header(request, name) for name in fixed} == fixed


async def test_over_udp_it_says_so() -> None:
    peer = ScriptedPeer(answer())
    await sip(Transport.UDP).probe(peer)
    assert header(peer.heard[0], "Via").startswith("SIP/2.0/UDP ")


async def test_no_two_checks_have_a_call_in_common() -> None:
    seen = set()
    for _ in range(3):
        peer = ScriptedPeer(answer())
        await sip().probe(peer)
        seen |= {header(peer.heard[0], name) for name in ("Via", "From", "Call-ID")}
    assert len(seen) == 9


@pytest.mark.parametrize("transport", OVER)
async def test_answers_to_other_calls_are_passed_over(transport: Transport) -> None:
    def respond(request: bytes) -> list[bytes]:
        call = header(request, "Call-ID")
        return [
            answer("503 Busy", "Call-ID: another", body=b"SIP/2.0 603 No\r\n\r\n"),
            answer("503 Busy", "i: another"),
            answer("503 Busy", f"Call-ID: {call}", "CSeq: 7 OPTIONS"),
            answer("503 Busy", "CSeq:"),
            answer("200 OK", f"Call-ID: {call}", "CSeq: 1 OPTIONS"),
        ]

    assert await sip(transport).probe(Server(respond)) == OK


@pytest.mark.parametrize("transport", OVER)
async def test_a_flood_of_them_is_down(transport: Transport) -> None:
    peer = ScriptedPeer(*[answer("100 Trying")] * 1000)
    assert (await sip(transport).probe(peer)).reason is Reason.PROTOCOL
    assert peer.reads < 400


@pytest.mark.parametrize("transport", OVER)
@pytest.mark.parametrize(
    ("status", "asks", "answers"),
    [("401 Unauthorized", "WWW", "Authorization"), ("407 Proxy", "Proxy", "Proxy-Authorization")],
)
async def test_who_is_asked_for_a_password_gives_it(transport, status, asks, answers) -> None:
    challenge = CHALLENGE.replace("WWW", asks)
    server = Server(lambda _: [answer(status, challenge)], lambda _: [answer(status, "CSeq: 1 OPTIONS"), answer()])
    assert await sip(transport, ALICE).probe(server) == OK
    first, second = server.heard
    given_ = header(second, answers)
    assert given_.startswith(f'Digest username="alice", realm="example.org", nonce="abc", uri="{URI}", response="')
    assert b"uthorization" not in first
    assert header(first, "Call-ID") == header(second, "Call-ID")
    assert header(first, "From") == header(second, "From")
    assert header(first, "Via") != header(second, "Via")
    assert header(second, "CSeq") == "2 OPTIONS"
    assert b"rabbit" not in first + second


async def test_a_wrong_password_is_down_after_one_try() -> None:
    refuse = [answer("401 Unauthorized", CHALLENGE)]
    server = Server(lambda _: refuse, lambda _: refuse)
    assert await sip(credentials=ALICE).probe(server) == down(
        Reason.STATUS, "OPTIONS answered with '401 Unauthorized', expected 200: wrong login or passwd"
    )


@pytest.mark.parametrize(
    ("headers", "shown"),
    [([], "''"), (["WWW-Authenticate: Basic realm=x", "www-authenticate:NTLM"], "'Basic realm=x; NTLM'")],
)
async def test_a_challenge_that_we_do_not_know_is_shown(headers: list[str], shown: str) -> None:
    outcome = await sip(credentials=ALICE).probe(ScriptedPeer(answer("401 Unauthorized", *headers)))
    assert outcome == down(Reason.PROTOCOL, f"expected a challenge of Digest with MD5 or SHA-256, but got {shown}")


async def test_the_end_after_the_challenge_is_the_peers() -> None:
    with pytest.raises(PeerClosed):
        await sip(credentials=ALICE).probe(ScriptedPeer(answer("401 Unauthorized", CHALLENGE)))


async def test_what_is_no_sip_after_the_challenge_is_down() -> None:
    server = Server(lambda _: [answer("401 Unauthorized", CHALLENGE)], lambda _: [b"what?\n"])
    assert (await sip(credentials=ALICE).probe(server)).reason is Reason.PROTOCOL


@pytest.mark.parametrize("said", [b"", b"SIP/2.0 200 OK", b"SIP/2.0 200 OK\r\nTo: x\r\n", answer(body=b"1234")[:-1]])
async def test_an_answer_that_ends_early_is_closed(said: bytes) -> None:
    with pytest.raises(PeerClosed):
        await sip().probe(ScriptedPeer(said))


async def test_an_empty_datagram_is_closed() -> None:
    assert (await sip(Transport.UDP).probe(ScriptedPeer())).reason is Reason.CLOSED


async def test_errors_of_the_network_are_the_probers() -> None:
    with pytest.raises(Reset):
        await sip().probe(ScriptedPeer(b"SIP/2.0 2", Reset))


async def test_of_a_datagram_only_so_many_header_lines_are_read_but_any_number_of_the_body() -> None:
    head, lines = b"SIP/2.0 200 OK\r\n", b"X:\r\n" * MOST_LINES
    assert (await sip(Transport.UDP).probe(ScriptedPeer(head + lines + b"\r\n"))).reason is Reason.TOO_LONG
    assert (await sip(Transport.UDP).probe(ScriptedPeer(head + b"\r\n" + lines))).verdict is Verdict.UP


@pytest.mark.parametrize(
    "said",
    [
        [b"SIP/2.0 200 OK\r\n", *[b"X: y\r\n"] * MOST_HEAD],
        [b"SIP/2.0 200 OK\r\n", *[b"X:\r\n"] * MOST_LINES, b"\r\n"],
        [b"\r\n"] * MOST_HEAD,
        [f"SIP/2.0 200 OK\r\nContent-Length: {MOST_BODY + 1}\r\n\r\n".encode(), *[b"x" * 1000] * 100],
    ],
    ids=["headers", "lines", "empty lines", "a body"],
)
async def test_what_is_too_long_is_not_read_to_its_end(said: list[bytes]) -> None:
    peer = ScriptedPeer(*said)
    assert (await sip().probe(peer)).reason is Reason.TOO_LONG
    assert peer.reads < len(said)


@given(
    st.lists(
        st.sampled_from([b"SIP/2.0 ", b"200 OK", b"401 No", b"\r\n", b"l: 3\r\n", CHALLENGE.encode()]) | st.binary()
    ),
    st.lists(st.integers(0, 300)),
    st.sampled_from(OVER),
)
async def test_no_bytes_crash_it(parts: list[bytes], cuts: list[int], transport: Transport) -> None:
    try:
        outcome = await sip(transport, ALICE).probe(ScriptedPeer(*pieces(b"".join(parts), cuts)))
    except PeerClosed:
        return
    assert len(outcome.detail) <= LONGEST_DETAIL
    assert "rabbit" not in outcome.detail


def build(virtual=TCP, endpoint: Endpoint = REAL, **words: object) -> Probe:
    options = CheckOptions(service="sip", **words)
    return planned(options, CheckedServer(virtual=virtual, endpoint=endpoint))


def test_it_is_built_as_configured() -> None:
    probe = build(login="alice@example.org", passwd="rabbit-hole", negotiatetimeout=7.0)
    assert probe == Probe(
        check=sip(credentials=ALICE), target=CheckTarget(endpoint=REAL), timeout=7, asked=f"sip OPTIONS of {REAL}"
    )
    assert "rabbit" not in repr(probe)


def test_the_protocol_of_the_virtual_decides_what_carries_it() -> None:
    assert build(UDP, login="alice@example.org") == Probe(
        check=sip(Transport.UDP),
        target=CheckTarget(endpoint=REAL, transport=Transport.UDP),
        timeout=30,
        asked=f"sip OPTIONS of {REAL} over UDP",
    )
    assert build(MarkKey(1)) == build()


def test_without_a_login_the_server_is_asked_for_itself() -> None:
    assert build().check == Sip(uri="sip:10.0.0.5:5060")
    assert build(endpoint=Endpoint(ip_address("fd00::5"), 5060)).check == Sip(uri="sip:[fd00::5]:5060")


@pytest.mark.parametrize("login", ["a b", "a\r\nX: y", "<a>", 'a"b', "a\\b"])
def test_a_login_that_is_no_address_is_refused(login: str) -> None:
    with pytest.raises(InvalidOption, match="expected a user and a host"):
        build(login=login)


async def test_serving_is_up_whatever_comes_after() -> None:
    assert (await sip().probe(ScriptedPeer(answer() + b"rubbish"))).verdict is Verdict.UP
