"""`httpstatus` and `httpheader`: what counts as success, what is sent, and what is kept secret."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ldirectord_py.checks.http.conversation import Http, SecretHttp
from ldirectord_py.checks.http.headers import secrets_of
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions, Header
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict, down, up
from ldirectord_py.model.service import AddressKey, Protocol
from tests.peers.options import planned
from tests.peers.scripted import ScriptedPeer

SERVER = Endpoint(ip_address("10.0.0.5"), 8080)
SUBJECT = CheckedServer(virtual=AddressKey(Protocol.TCP, SERVER), endpoint=SERVER)
TOKEN = "Zm9vOmJhcg-rabbit-hole"
BEARER = (Header("Authorization", f"Bearer {TOKEN}"),)


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "\r\n")).encode() + body


def http(*statuses: int, kind: type[Http] = Http, receive: str = "", **options) -> Http:
    more = {"statuses": frozenset(statuses)} if statuses else {}
    return kind(server=SERVER, host="www.example.org", receive=Receive.of(receive), **more, **options)


@pytest.mark.parametrize(
    ("statuses", "said", "expected"),
    [
        ((401,), answer("401 Unauthorized"), up("401 Unauthorized")),
        ((200, 401), answer("200 OK"), up("200 OK")),
        ((401,), answer("200 OK"), down(Reason.STATUS, "200 OK, expected 401")),
        ((200, 201, 202, 401), answer("503 No"), down(Reason.STATUS, "503 No, expected 200-202,401")),
        ((404, 301), answer("503 No"), down(Reason.STATUS, "503 No, expected 301,404")),
        (range(200, 300), answer("503 No"), down(Reason.STATUS, "503 No, expected 2xx")),
        ((302,), answer("302 Found", b"", "Location: /x"), up("302 Found")),
        ((302,), answer("302 Found", b"", "Location: https://elsewhere.example/"), up("302 Found")),
        ((500,), b"HTTP/1.0 500 Oh\n\n", up("500 Oh")),
        ((401,), b"SSH-2.0-x\r\n", down(Reason.PROTOCOL, r"expected an HTTP answer, but got 'SSH-2.0-x\r\n'")),
    ],
)
async def test_what_counts_as_success_is_configured(statuses, said: bytes, expected: Outcome) -> None:
    assert await http(*statuses).probe(ScriptedPeer(said)) == expected


async def test_the_body_has_to_match_all_the_same() -> None:
    check = http(401, receive="log in")
    assert await check.probe(ScriptedPeer(answer("401 No", b"please log in"))) == up("401 No")
    assert (await check.probe(ScriptedPeer(answer("401 No", b"go away")))).reason is Reason.MISMATCH


async def test_an_answer_without_headers_has_no_status() -> None:
    said = b"I'm alive!"
    assert (await http(receive="alive").probe(ScriptedPeer(said))).verdict is Verdict.UP
    assert await http(401, receive="alive").probe(ScriptedPeer(said)) == down(
        Reason.STATUS, "an answer without HTTP headers, expected 401"
    )


async def test_other_redirects_are_followed_until_one_that_counts() -> None:
    peer = ScriptedPeer(answer("302 Found", b"", "Location: /a"), later=[[answer("301 Moved", b"", "Location: /b")]])
    assert await http(301).probe(peer) == up("301 Moved")
    assert peer.connections == 2


async def test_headers_are_added_and_take_the_place_of_ours() -> None:
    peer = ScriptedPeer(answer("200 OK"))
    headers = (Header("x-b", "1"), Header("user-agent", "probe"), Header("X-A", ""), Header("x-b", "\udcff"))
    await http(headers=headers).probe(peer)
    (heard,) = peer.heard
    assert heard == (
        b"GET / HTTP/1.1\r\nHost: www.example.org\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
        b"x-b: 1\r\nuser-agent: probe\r\nX-A: \r\nx-b: \xff\r\nConnection: close\r\n\r\n"
    )


async def test_an_authorization_of_theirs_comes_before_that_of_a_url() -> None:
    peer = ScriptedPeer(answer("200 OK"))
    await http(headers=(Header("authorization", "Bearer x"),), authorization="Basic eA==").probe(peer)
    await http(headers=(Header("X", "y"),), authorization="Basic eA==").probe(peer)
    assert [heard.lower().count(b"authorization: ") for heard in peer.heard] == [1, 1]
    assert (b"Bearer x" in peer.heard[0], b"Basic eA==" in peer.heard[1]) == (True, True)


async def test_they_are_sent_again_where_a_redirect_leads() -> None:
    peer = ScriptedPeer(answer("302 Found", b"", "Location: /x"), later=[[answer("200 OK")]])
    await http(headers=BEARER, kind=SecretHttp).probe(peer)
    assert all(f"\r\nAuthorization: Bearer {TOKEN}\r\n".encode() in heard for heard in peer.heard)


async def test_another_host_behind_a_proxy_is_told_no_secrets() -> None:
    headers = (
        *BEARER,
        Header("Cookie", "id=secretly"),
        Header("Proxy-Authorization", "Basic cHJveHk"),
        Header("X", "y"),
    )
    check = http(headers=headers, kind=SecretHttp, target="http://www.example.org/")
    there = ScriptedPeer(
        answer("302 Found", b"", "Location: http://WWW.example.org/a"),
        later=[[answer("302 Found", b"", "Location: http://other.example/b")], [answer("200 OK")]],
    )
    assert (await check.probe(there)).verdict is Verdict.UP
    assert [b"Bearer" in heard for heard in there.heard] == [True, True, False]
    assert b"Cookie" not in there.heard[2]
    assert b"\r\nProxy-Authorization: Basic cHJveHk\r\nX: y\r\n" in there.heard[2]


ECHOES = {
    "the body": answer("200 OK", f"you sent Bearer {TOKEN}".encode()),
    "the end of what is shown of it": answer("200 OK", b"x" * 70 + TOKEN.encode()),
    "the reason phrase": answer(f"400 Bad {TOKEN}"),
    "the end of the reason phrase": answer(f"400 {'x' * 50}{TOKEN}"),
    "the location": answer("302 Found", b"", f"Location: http://elsewhere.example/{TOKEN}"),
    "the end of the location": answer("302 Found", b"", f"Location: http://elsewhere.example/{'x' * 65}{TOKEN}"),
    "in capitals": answer("200 OK", TOKEN.upper().encode()),
    "no HTTP": TOKEN.encode(),
    "no status": f"HTTP/1.1 {TOKEN}\r\n\r\n".encode(),
}


@pytest.mark.parametrize("said", ECHOES.values(), ids=ECHOES.keys())
async def test_a_secret_that_is_repeated_is_not_shown(said: bytes) -> None:
    outcome = await http(kind=SecretHttp, headers=BEARER, receive="alive").probe(ScriptedPeer(said))
    assert outcome.verdict is Verdict.DOWN
    assert "***" in outcome.detail
    assert TOKEN[:4].lower() not in outcome.detail.lower()


@example(secret="\\\\\\.\\", before=77, after=0)
@given(st.text("abcdeé'\\.", min_size=4, max_size=30), st.integers(0, 130), st.integers(0, 60))
async def test_wherever_a_sentence_is_cut_no_beginning_of_a_secret_is_left(
    secret: str, before: int, after: int
) -> None:
    body = b"-" * before + secret.encode() + b"-" * after
    check = http(kind=SecretHttp, headers=(Header("X-Api-Key", secret),), receive="alive")
    detail = (await check.probe(ScriptedPeer(answer("200 OK", body)))).detail
    # The dots where a quotation was cut are none of the secret's.
    assert secret[:4].replace("...", "…") not in detail.partition(": got ")[2].replace("...", "…")


@pytest.mark.parametrize(
    ("header", "secrets"),
    [
        (Header("Authorization", "Bearer abcdef"), {b"Bearer abcdef", b"abcdef"}),
        (Header("authorization", "Basic YTpiYw=="), {b"Basic YTpiYw==", b"YTpiYw==", b"YTpiYw", b"a:bc"}),
        (
            Header("Proxy-Authorization", "basic YWxpY2U6aHU6c2g="),
            {b"basic YWxpY2U6aHU6c2g=", b"YWxpY2U6aHU6c2g=", b"YWxpY2U6aHU6c2g", b"alice:hu:sh", b"alice", b"hu:sh"},
        ),
        (Header("Authorization", "Basic no-base-64"), {b"Basic no-base-64", b"no-base-64"}),
        (Header("Cookie", "id=secretly; theme=dark"), {b"id=secretly; theme=dark", b"secretly", b"theme", b"dark"}),
        (Header("X-Api-Key", "abc"), {b"abc"}),
        (Header("X-Auth-Token", "ab cd"), {b"ab cd"}),
        (Header("Proxy-Authorization", "abcdef"), {b"abcdef"}),
        (Header("X-Secret", "\udcffabc"), {b"\xffabc"}),
        (Header("X-Secret", ""), set()),
        (Header("Accept", "text/html"), set()),
    ],
)
def test_secret_is_what_lets_somebody_in(header: Header, secrets: set[bytes]) -> None:
    assert set(secrets_of((header,))) == secrets


def test_a_probe_shows_no_header() -> None:
    options = CheckOptions(request="/http://a.example/", httpheaders=BEARER, httpstatus=frozenset({401}))
    for service in ("http", "https", "http_proxy"):
        probe = planned(replace(options, service=service), SUBJECT)
        assert isinstance(probe.check, SecretHttp)
        assert (probe.check.headers, probe.check.statuses) == (BEARER, {401})
        assert TOKEN not in repr(probe)


def test_checks_with_other_headers_or_statuses_are_other_checks() -> None:
    options = CheckOptions(service="http")
    others = [
        options,
        replace(options, httpheaders=BEARER),
        replace(options, httpheaders=(Header("X", "y"),)),
        replace(options, httpstatus=frozenset({200})),
    ]
    probes = {planned(one, SUBJECT) for one in others}
    assert len(probes) == 4
    assert type(planned(others[2], SUBJECT).check) is Http
