from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ldirectord_py.checks.http.answer import MOST_BODY
from ldirectord_py.checks.http.conversation import MOST_REDIRECTS, Http, SecretHttp
from ldirectord_py.checks.http.reading import MOST_HEAD, MOST_WIRE
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from tests.peers.scripted import Reset, ScriptedPeer, pieces

SERVER = Endpoint(ip_address("10.0.0.5"), 8080)
ALIVE = "I'm alive!"


def http(*, kind=Http, receive: str = "", method: str = "GET", host: str = "www.example.org", **options) -> Http:
    return kind(server=SERVER, host=host, method=method, receive=Receive.of(receive), **options)


def answer(body: bytes = b"", status: str = "200 OK", *headers: str, length: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else []), "\r\n"]
    return "\r\n".join(lines).encode() + body


def chunked(*chunks: bytes) -> bytes:
    wrapped = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + wrapped


OK = up("200 OK")
NO_MATCH = "the body does not match 'I'm alive!': "
CASES = {
    "serves": ("", answer(b"hello"), OK),
    "no reason phrase": ("", b"HTTP/1.1 200\r\n\r\n", OK),
    "own reason phrase of a standard code": ("", answer(b"", "200 Fine"), OK),
    "unknown 2xx": ("", answer(b"", "299 So so"), up("299 So so")),
    "no content": ("", answer(b"", "204 No Content", length=False), up("204 No Content")),
    "down": ("", answer(b"", "503 Service Unavailable"), down(Reason.STATUS, "503 Service Unavailable, expected 2xx")),
    "own words": (
        "",
        answer(b"", "503 Backend fetch failed"),
        down(Reason.STATUS, "503 Backend fetch failed, expected 2xx"),
    ),
    "down although the body matches": (
        ALIVE,
        answer(b"I'm alive!", "500 Oh"),
        down(Reason.STATUS, "500 Oh, expected 2xx"),
    ),
    "not modified": (
        "",
        answer(b"", "304 Not Modified", length=False),
        down(Reason.STATUS, "304 Not Modified, expected 2xx"),
    ),
    "below 100": ("", b"HTTP/1.1 099 Odd\r\n\r\n", down(Reason.STATUS, "099 Odd, expected 2xx")),
    "matches": (ALIVE, answer(b"Hello! I'm alive!\n"), OK),
    "matches a pattern": ("I.m +(alive|well)", answer(b"I'm  well"), OK),
    "does not match": (ALIVE, answer(b"I am dead"), down(Reason.MISMATCH, NO_MATCH + "got 'I am dead'")),
    "empty": (ALIVE, answer(b""), down(Reason.MISMATCH, NO_MATCH + "it is empty")),
    "unprintable": (ALIVE, answer(b"a\r\n\x00\xff\xc3\xa9"), down(Reason.MISMATCH, NO_MATCH + r"got 'a\r\n\x00\xffé'")),
    "anchored at the end": ("alive$", answer(b"I'm alive\n"), OK),
    "not at the end": (
        "alive$",
        answer(b"I'm alive\n\n"),
        down(Reason.MISMATCH, r"the body does not match 'alive$': got 'I'm alive\n\n'"),
    ),
    "not in the headers": (
        "nginx",
        answer(b"x", "200 OK", "Server: nginx"),
        down(Reason.MISMATCH, "the body does not match 'nginx': got 'x'"),
    ),
    "chunked": (ALIVE, chunked(b"I'm ", b"alive!"), OK),
    "chunked without match": (ALIVE, chunked(b"I'm ", b"dead"), down(Reason.MISMATCH, NO_MATCH + "got 'I'm dead'")),
    "bad chunk": (
        ALIVE,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        down(Reason.PROTOCOL, "the answer's body is malformed: expected a chunk's size, but got 'zz'"),
    ),
    "until the end": (ALIVE, answer(b"I'm alive!", length=False), OK),
    "until the end without match": (ALIVE, answer(b"no", length=False), down(Reason.MISMATCH, NO_MATCH + "got 'no'")),
    "cut short": (ALIVE, answer(b"x" * 100)[:-98], down(Reason.MISMATCH, NO_MATCH + "got 'xx'")),
    "cut short after the match": (ALIVE, answer(b"I'm alive!" + b"x" * 100)[:-90], OK),
    "more than announced": (ALIVE, answer(b"I'm") + b" alive!", down(Reason.MISMATCH, NO_MATCH + "got 'I'm'")),
    "interim answers": (
        ALIVE,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer(b"I'm alive!"),
        OK,
    ),
    "switches protocols": (
        "",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        down(Reason.STATUS, "101 Switching Protocols, expected 2xx"),
    ),
    "offers to switch": (ALIVE, answer(b"I'm alive!", "200 OK", "Upgrade: h2,h2c", "Connection: Upgrade, close"), OK),
    "two answers": (ALIVE, answer(b"no") + answer(b"I'm alive!"), down(Reason.MISMATCH, NO_MATCH + "got 'no'")),
    "nothing": ("", b"", down(Reason.CLOSED, "the server closed the connection without an answer")),
    "only a status line": ("", b"HTTP/1.1 200 OK\r\nX: y\r\n", OK),
    "blanks and no HTTP": (ALIVE, b" \x00I'm alive!", up("an answer without HTTP headers")),
    "the beginning of HTTP": ("HT", b"HT", up("an answer without HTTP headers")),
    "half a status": ("", b"HTTP/1.1 20", down(Reason.PROTOCOL, "expected an HTTP status line, but got 'HTTP/1.1 20'")),
    "not HTTP": ("", b"SSH-2.0-x\r\n", down(Reason.PROTOCOL, r"expected an HTTP answer, but got 'SSH-2.0-x\r\n'")),
    "not HTTP but matches": (ALIVE, b"I'm alive!\n", up("an answer without HTTP headers")),
    "not HTTP and does not match": (ALIVE, b"SSH-2.0-x\r\n", down(Reason.MISMATCH, NO_MATCH + r"got 'SSH-2.0-x\r\n'")),
    "bare LF": (ALIVE, b"HTTP/1.0 200 OK\nX: y\n\nI'm alive!", OK),
    "bare LF with a length": (
        ALIVE,
        b"HTTP/1.0 200 OK\nContent-Length: 2\n\nI'm alive!",
        down(Reason.MISMATCH, NO_MATCH + "got 'I''"),
    ),
    "bare LF, down": (ALIVE, b"HTTP/1.0 503 Busy\n\n", down(Reason.STATUS, "503 Busy, expected 2xx")),
    "odd header": (ALIVE, b"HTTP/1.1 200 OK\r\nno colon\r\n\r\nI'm alive!", OK),
    "odd header and chunks": (
        ALIVE,
        b"HTTP/1.1 200 OK\r\nno colon\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        down(Reason.MISMATCH, NO_MATCH + "it is empty"),
    ),
    "odd header and bad chunks": (
        ALIVE,
        b"HTTP/1.1 200 OK\r\nno colon\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nI'x\r\n",
        down(Reason.PROTOCOL, "the answer's body is malformed: expected a chunk's size, but got 'x'"),
    ),
    "odd header and chunks cut short": (
        ALIVE,
        b"HTTP/1.1 200 OK\r\nno colon\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nI'm\r\n7",
        down(Reason.MISMATCH, NO_MATCH + "got 'I'm'"),
    ),
    "odd header and endless chunks": (
        ALIVE,
        b"HTTP/1.1 200 OK\r\nno colon\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 2000,
        down(Reason.TOO_LONG, "the answer's headers are odd, and it has more than 1024 chunks"),
    ),
    "odd header and a chunk beyond the bound": (
        "alive",
        b"HTTP/1.1 200 OK\r\nno colon\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n" + b"x" * 2 * MOST_BODY,
        down(Reason.TOO_LONG, f"the body's first 256 KiB does not match 'alive': got '{'x' * 80}...'"),
    ),
    "two lengths": (ALIVE, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 11\r\n\r\nI'm alive!", OK),
    "HTTP/2 in the status line": (ALIVE, b"HTTP/2 200 OK\r\n\r\nI'm alive!", OK),
    "endless headers": (
        "",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * MOST_HEAD,
        down(Reason.TOO_LONG, "the headers did not end within 64 KiB"),
    ),
    "endless interim answers": (
        "",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 4000,
        down(Reason.TOO_LONG, "the headers did not end within 64 KiB"),
    ),
    "endless odd headers": (
        "",
        b"HTTP/1.1 200 OK\r\n" + b"xy\r\n" * MOST_HEAD,
        down(Reason.TOO_LONG, "the headers did not end within 64 KiB"),
    ),
    "long body with the match early": (ALIVE, answer(b"I'm alive!" + b"x" * MOST_BODY), OK),
    "match beyond the bound": (
        "alive",
        answer(b"x" * MOST_BODY + b"alive"),
        down(Reason.TOO_LONG, f"the body's first 256 KiB does not match 'alive': got '{'x' * 80}...'"),
    ),
    "as long as may be": ("xy$", answer(b"x" * (MOST_BODY - 1) + b"y"), OK),
    "endless chunk extension": (
        "x",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=" + b"x" * MOST_WIRE,
        down(Reason.TOO_LONG, "the answer did not end within 576 KiB"),
    ),
    "gives up": (
        "^(a+)+$",
        answer(b"a" * 40 + b"!"),
        down(
            Reason.MISMATCH, "the pattern '^(a+)+$' gave up on the body: it backtracks too much, write it more narrowly"
        ),
    ),
}


@pytest.mark.parametrize(("receive", "said", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_answer(receive: str, said: bytes, expected: Outcome) -> None:
    assert await http(receive=receive).probe(ScriptedPeer(said)) == expected


@pytest.mark.parametrize(("receive", "said", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_does_not_depend_on_how_the_answer_is_cut(receive, said, expected) -> None:
    step = 1 if len(said) < 1000 else 977
    for peer in (
        ScriptedPeer(*pieces(said, range(0, len(said), step))),
        ScriptedPeer(*pieces(said, (MOST_HEAD - 1, MOST_HEAD, MOST_HEAD + 1))),
    ):
        outcome = await http(receive=receive).probe(peer)
        assert (outcome.verdict, outcome.reason) == (expected.verdict, expected.reason)


FRAGMENTS = st.sampled_from(
    [
        b"HTTP/1.1 ",
        b"HTTP/",
        b"200 OK",
        b"302 Found",
        b"100 Continue",
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"0\r\n\r\n",
        b"Content-Length: ",
        b"5",
        b"Transfer-Encoding: chunked",
        b"alive",
        b"Location: /x",
        b"Upgrade: x",
        b": ",
        b"\x00",
    ]
)


@given(
    said=st.lists(FRAGMENTS | st.binary(max_size=8), max_size=14).map(b"".join),
    cuts=st.lists(st.integers(0, 10**6), max_size=6),
    receive=st.sampled_from(["", "alive", "^$|5"]),
)
@example(said=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalive", cuts=[1, 2], receive="alive")
async def test_no_bytes_in_any_pieces_crash_the_check_or_change_its_verdict(said, cuts, receive) -> None:
    check = http(receive=receive)
    ways = [[said], pieces(said, cuts), pieces(said, range(len(said)))]
    outcomes = [await check.probe(ScriptedPeer(*way, later=[way] * MOST_REDIRECTS)) for way in ways]
    assert len({(outcome.verdict, outcome.reason) for outcome in outcomes}) == 1
    assert all(len(outcome.detail) <= LONGEST_DETAIL and outcome.verdict is not Verdict.FAULT for outcome in outcomes)


async def test_a_status_is_enough_where_nothing_has_to_match() -> None:
    peer = ScriptedPeer(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", Reset)
    assert await http().probe(peer) == OK
    assert peer.reads == 1


async def test_one_piece_is_read_once() -> None:
    peer = ScriptedPeer(answer(b"I'm alive!"), Reset)
    assert await http(receive=ALIVE).probe(peer) == OK
    assert (peer.reads, len(peer.heard)) == (1, 1)


async def test_the_request_is_http_1_1_and_closes() -> None:
    peer = ScriptedPeer(answer())
    await http(target="/a%20b?c").probe(peer)
    assert b"".join(peer.heard) == (
        b"GET /a%20b?c HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: ldirectord-py\r\nAccept: */*\r\n"
        b"Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )


async def test_head_asks_for_no_body_and_waits_for_none() -> None:
    peer = ScriptedPeer(answer(b"", "200 OK", "Content-Length: 100", length=False), Reset)
    assert await http(method="HEAD").probe(peer) == OK
    assert peer.heard[0].startswith(b"HEAD / HTTP/1.1\r\n")


async def test_head_never_matches_and_says_why() -> None:
    outcome = await http(method="HEAD", receive=ALIVE).probe(ScriptedPeer(answer()))
    assert (outcome.reason, outcome.detail.partition(":")[0]) == (
        Reason.MISMATCH,
        "an answer to HEAD has no body that could match receive",
    )


def moved(location: str, status: str = "302 Found") -> bytes:
    return answer(b"moved", status, f"Location: {location}")


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("/there?x=1#y", "/there?x=1"),
        ("there", "/a/there"),
        ("//10.0.0.5:8080/there", "/there"),
        ("http://10.0.0.5:8080", "/"),
        ("http://www.example.org/there", "/there"),
        ("http://WWW.example.org:8080/there", "/there"),
        ("/ä b", "/%C3%A4%20b"),
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
async def test_redirects_on_the_same_server_are_followed(location: str, asked: str, status: str) -> None:
    peer = ScriptedPeer(moved(location, status), later=[[answer(b"I'm alive!")]])
    assert await http(receive=ALIVE, target="/a/b").probe(peer) == OK
    assert peer.heard[1].startswith(f"GET {asked} HTTP/1.1\r\nHost: www.example.org\r\n".encode())


@pytest.mark.parametrize(
    "location",
    [
        "https://10.0.0.5:8080/",
        "http://10.0.0.6:8080/",
        "http://10.0.0.5/",
        "http://example.org/",
        "http://www.example.org:81/",
        "ftp://10.0.0.5:8080/",
        "http://[::1",
        "http://u@10.0.0.5:8080/",
        "mailto:x",
    ],
)
async def test_redirects_elsewhere_are_a_status_that_says_no(location: str) -> None:
    outcome = await http().probe(ScriptedPeer(moved(location)))
    assert outcome == down(Reason.STATUS, f"302 redirects to '{location}', which is not this server")


async def test_the_standard_port_need_not_be_named() -> None:
    check = Http(server=SERVER.at_port(80), host="www.example.org")
    peer = ScriptedPeer(moved("http://10.0.0.5/x"), later=[[moved("http://www.example.org:80/y")], [answer()]])
    assert await check.probe(peer) == OK
    assert [heard.split()[1] for heard in peer.heard] == [b"/", b"/x", b"/y"]


async def test_a_redirect_without_location_is_the_answer() -> None:
    assert await http().probe(ScriptedPeer(answer(b"", "302 Found"))) == down(Reason.STATUS, "302 Found, expected 2xx")


async def test_seven_redirects_are_followed_and_no_more() -> None:
    peer = ScriptedPeer(moved("/1"), later=[[moved("/n")]] * MOST_REDIRECTS)
    assert await http().probe(peer) == down(Reason.STATUS, "302 Found, expected 2xx")
    assert peer.connections == 8
    peer = ScriptedPeer(moved("/1"), later=[*[[moved("/n")]] * (MOST_REDIRECTS - 1), [answer()]])
    assert await http().probe(peer) == OK


async def test_what_follows_a_redirect_may_fail() -> None:
    outcome = await http().probe(ScriptedPeer(moved("/1"), later=[[]]))
    assert outcome.reason is Reason.CLOSED


async def test_a_proxy_is_asked_for_whole_urls() -> None:
    check = http(target="http://a.example/x", host="a.example")
    peer = ScriptedPeer(moved("http://b.example/y"), later=[[moved("z")], [answer()]])
    assert await check.probe(peer) == OK
    assert [heard.partition(b"\r\nUser")[0] for heard in peer.heard] == [
        b"GET http://a.example/x HTTP/1.1\r\nHost: a.example",
        b"GET http://b.example/y HTTP/1.1\r\nHost: b.example",
        b"GET http://b.example/z HTTP/1.1\r\nHost: b.example",
    ]


async def test_a_proxy_is_not_asked_for_tunnels() -> None:
    outcome = await http(target="http://a.example/x").probe(ScriptedPeer(moved("https://a.example/x")))
    assert outcome.detail == "302 redirects to 'https://a.example/x', which is not this server"


async def test_a_password_is_for_one_host() -> None:
    check = http(target="http://a.example/", host="a.example", authorization="Basic eDp5")
    peer = ScriptedPeer(moved("/x"), later=[[moved("http://b.example/")], [answer()]])
    assert await check.probe(peer) == OK
    assert [b"\r\nAuthorization: Basic eDp5\r\n" in heard for heard in peer.heard] == [True, True, False]
    assert "eDp5" not in repr(check)


def test_equal_questions_are_one_check() -> None:
    assert http(receive="a.c") == http(receive="a.c")
    assert hash(http(receive="a.c")) == hash(http(receive="a.c"))
    assert http(receive="a.c") != http(receive="a.d")
    assert http(host="a") != http(host="b")
    assert http(target="/a") != http(target="/b")


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (b"200 OK", "the body does not match 'zz': got '*** *** *** ***'"),
        (b"401 nobody knows alice:hush", "401 nobody knows ***, expected 2xx"),
    ],
)
async def test_a_server_that_repeats_name_and_password_is_quoted_without(status: bytes, detail: str) -> None:
    body = b"YWxpY2U6aHVzaA== alice hush alice:hush"
    said = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)
    check = http(kind=SecretHttp, receive="zz", authorization="Basic YWxpY2U6aHVzaA==")
    assert (await check.probe(ScriptedPeer(said))).detail == detail


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKS = b"3\r\nI'm\r\n7\r\n alive!\r\n0\r\n\r\n"
ODD_BUT_SOUND = {
    "length and chunked": HEAD + b"Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "chunked and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 10\r\n\r\n" + CHUNKS,
    "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKS,
    "blank before the colon": HEAD + b"X-Powered : yes\r\nTransfer-Encoding : chunked\r\n\r\n" + CHUNKS,
    "folded": HEAD + b"X: a\r\n b\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKS,
    "not ASCII": HEAD + b"X-\xe9: y\xff\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "control bytes": HEAD + b"X: a\x01b\x00\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "bare LF": HEAD.replace(b"\r", b"") + b"Transfer-Encoding: chunked\n\n" + CHUNKS.replace(b"\r", b""),
    "bare LF in the chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS.replace(b"\r", b""),
    "padded sizes": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + CHUNKS.replace(b"3\r", b"3   \r").replace(b"7\r", b"07 \r"),
    "two equal lengths": HEAD + b"Content-Length: 10\r\nContent-Length: 10\r\n\r\nI'm alive!",
    "a list of equal lengths": HEAD + b"Content-Length: 10, 10\r\n\r\nI'm alive!",
}


@pytest.mark.parametrize("cut", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("said", ODD_BUT_SOUND.values(), ids=ODD_BUT_SOUND.keys())
async def test_sound_bodies_behind_odd_headers_are_read(said: bytes, cut: int) -> None:
    """With and without a pattern, and however the network cuts them; the peer says no more than that, and waits."""
    for receive in ("", ALIVE, "^I.m alive!$"):
        peer = ScriptedPeer(*pieces(said, range(cut, len(said), cut)))
        assert await http(receive=receive).probe(peer) == OK, receive


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((answer(b"I'm alive!", length=False), Reset), OK),
        ((answer(b"I'm alive!"), Reset), OK),
        ((answer(b"I'm alive!")[:-1], Reset), down(Reason.MISMATCH, NO_MATCH + "got 'I'm alive'")),
        ((answer(b"no", length=False), Reset), down(Reason.MISMATCH, NO_MATCH + "got 'no'")),
        ((b"HTTP/1.0 200 OK\nX: y\n\nI'm alive!", Reset), OK),
        ((b"I'm alive!", Reset), up("an answer without HTTP headers")),
    ],
    ids=["no length", "length", "length, cut short", "does not match", "bare LF", "no HTTP"],
)
async def test_a_reset_behind_an_answer_is_its_end(said, expected: Outcome) -> None:
    assert await http(receive=ALIVE).probe(ScriptedPeer(*said)) == expected


async def test_a_reset_in_place_of_an_answer_is_none() -> None:
    with pytest.raises(Reset):
        await http(receive=ALIVE).probe(ScriptedPeer(Reset))
