from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.simpletcp import MOST_ANSWER, MOST_LINES, SimpleTcp, SimpleUdp
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import Transport
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe
from ldirectord_py.model.service import AddressKey, MarkKey, Protocol, VirtualKey
from tests.peers.options import planned
from tests.peers.scripted import Reset, ScriptedPeer, pieces

REAL = Endpoint(ip_address("10.0.0.5"), 6379)
TCP = AddressKey(Protocol.TCP, Endpoint(ip_address("10.0.0.1"), 6379))
UDP = AddressKey(Protocol.UDP, Endpoint(ip_address("10.0.0.1"), 6379))
CLOSED = down(Reason.CLOSED, "the server closed the connection without an answer")
TOO_LONG = down(Reason.TOO_LONG, f"no line of the answer's first 64 KiB matches 'PONG': got '{'x' * 80}...'")
GAVE_UP = down(
    Reason.MISMATCH, "the pattern '^(a+)+$' gave up on a line: it backtracks too much, write it more narrowly"
)


def unmatched(pattern: str, got: str) -> Outcome:
    return down(Reason.MISMATCH, f"no line of the answer matches '{pattern}': got '{got}'")


CASES: dict[str, tuple[str, bytes, Outcome]] = {
    "a line matches": ("PONG", b"+PONG\r\n", up("answered '+PONG'")),
    "a later line matches": ("^b", b"a\nb\nc\n", up("answered 'b'")),
    "the last line has no end": ("^b$", b"a\nb", up("answered 'b'")),
    "the end of a line is before its LF": ("a$", b"a\nb\n", up("answered 'a'")),
    "the LF belongs to the line": (r"a\n", b"a\n", up("answered 'a'")),
    "CR is no end": ("^PONG$", b"PONG\r\n", unmatched(r"^PONG$", r"PONG\r\n")),
    "not across lines": ("a.b", b"a\nb\n", unmatched(r"a.b", r"a\nb\n")),
    "not at a line's start": (r"(?s)a\nb", b"a\nb\n", unmatched(r"(?s)a\nb", r"a\nb\n")),
    "no match": ("PONG", b"-ERR\r\n", unmatched(r"PONG", r"-ERR\r\n")),
    "any answer": ("", b"\0", up("the server answered")),
    "nothing": ("", b"", CLOSED),
    "nothing to match": ("PONG", b"", CLOSED),
    "too long": ("PONG", b"x" * (MOST_ANSWER + 1), TOO_LONG),
    "just not too long": ("x$", b"x" * MOST_ANSWER, up(f"answered '{'x' * 60}...'")),
    "gives up": ("^(a+)+$", b"a" * 30000 + b"b\n", GAVE_UP),
    "gives up, and then matches": ("^(a+)+$", b"a" * 30000 + b"b\naa\n", up("answered 'aa'")),
}  # fmt: skip


@pytest.mark.parametrize(("receive", "said", "expected"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("piece", [1 << 20, 1000])
async def test_the_verdict_follows_the_answer(receive: str, said: bytes, expected: Outcome, piece: int) -> None:
    peer = ScriptedPeer(*pieces(said, range(0, len(said), piece)))
    assert await SimpleTcp(request=b"PING\n", receive=Receive.of(receive)).probe(peer) == expected
    assert peer.heard == [b"PING\n"]
    assert peer.ended


@pytest.mark.parametrize(("receive", "said", "expected"), CASES.values(), ids=CASES.keys())
async def test_one_datagram_is_judged_likewise(receive: str, said: bytes, expected: Outcome) -> None:
    peer = ScriptedPeer(said, b"PONG\n")
    outcome = await SimpleUdp(request=b"PING\n", receive=Receive.of(receive)).probe(peer)
    if said:
        assert outcome == expected
        assert peer.reads == 1
    assert not peer.ended


async def test_an_empty_datagram_is_no_answer() -> None:
    assert await SimpleUdp().probe(ScriptedPeer()) == down(Reason.CLOSED, "the server answered with an empty datagram")


async def test_without_a_request_nothing_is_sent_and_the_end_is_said_all_the_same() -> None:
    peer = ScriptedPeer(b"hello\n")
    assert await SimpleTcp(receive=Receive(b"hello")).probe(peer) == up("answered 'hello'")
    assert (peer.heard, peer.ended) == ([], True)


async def test_over_udp_an_empty_request_is_an_empty_datagram() -> None:
    peer = ScriptedPeer(b"hello")
    assert (await SimpleUdp().probe(peer)).verdict is Verdict.UP
    assert peer.heard == [b""]


async def test_the_first_line_that_matches_ends_the_check() -> None:
    peer = ScriptedPeer(b"no\n", b"PO", b"NG\n", Reset)
    assert (await SimpleTcp(receive=Receive(b"PONG")).probe(peer)).verdict is Verdict.UP


async def test_a_reset_in_place_of_an_answer_is_the_probers_affair() -> None:
    with pytest.raises(Reset):
        await SimpleTcp(receive=Receive(b"PONG")).probe(ScriptedPeer(Reset))


async def test_a_reset_behind_an_answer_is_its_end() -> None:
    assert (await SimpleTcp(receive=Receive(b"PONG$")).probe(ScriptedPeer(b"PONG", Reset))).verdict is Verdict.UP
    assert (await SimpleTcp(receive=Receive(b"PONG")).probe(ScriptedPeer(b"PO", Reset))).reason is Reason.MISMATCH


@given(
    st.binary(max_size=300),
    st.lists(st.integers(0, 300)),
    st.sampled_from(["", "a", "^$", r"[\x00-\x20]\n", "(a|b)*c"]),
    st.sampled_from([SimpleTcp, SimpleUdp]),
)
async def test_no_bytes_crash_it_and_cuts_do_not_count(data: bytes, cuts: list[int], receive: str, kind) -> None:
    check = kind(receive=Receive.of(receive))
    outcome = await check.probe(ScriptedPeer(*pieces(data, cuts)))
    assert len(outcome.detail) <= LONGEST_DETAIL
    if kind is SimpleTcp:
        assert outcome == await check.probe(ScriptedPeer(data))


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    peer = ScriptedPeer(*([b"y\n" * 8192] * 1000))
    assert (await SimpleTcp(receive=Receive(b"PONG")).probe(peer)).reason is Reason.TOO_LONG
    assert peer.reads == 1


async def test_nor_is_an_endless_line() -> None:
    peer = ScriptedPeer(*([b"y" * 16384] * 1000))
    assert (await SimpleTcp(receive=Receive(b"PONG")).probe(peer)).reason is Reason.TOO_LONG
    assert peer.reads == MOST_ANSWER // 16384 + 1


async def test_of_many_lines_the_first_count() -> None:
    lines = b"y\n" * (MOST_LINES - 1)
    assert (await SimpleTcp(receive=Receive(b"PONG")).probe(ScriptedPeer(lines + b"PONG\n"))).verdict is Verdict.UP
    outcome = await SimpleTcp(receive=Receive(b"PONG")).probe(ScriptedPeer(lines + b"y\nPONG\n"))
    assert outcome.reason is Reason.TOO_LONG
    assert outcome.detail.startswith("no line of the answer's first 2048 lines matches 'PONG': got ")


def probe(virtual: VirtualKey = TCP, own: tuple[str, str] | None = None, **words: object) -> Probe:
    request, receive = own or (None, None)
    subject = CheckedServer(virtual=virtual, endpoint=REAL, request=request, receive=receive)
    return planned(CheckOptions(service="simpletcp", **words), subject)


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        ("/", b""),
        ("/PING\\n", b"PING\n"),
        ("//x", b"/x"),
        ("/a\\nb\\r\\t\\n", b"a\nb\r\\t\n"),
        ("/\udcff\u00fc", b"\xff\xc3\xbc"),
    ],
    ids=["none", "PING", "a slash of its own", "escapes", "bytes"],
)
def test_the_request_is_sent_as_it_stands(request_: str, sent: bytes) -> None:
    expected = Probe(
        check=SimpleTcp(request=sent),
        target=CheckTarget(endpoint=REAL),
        timeout=30,
        asked=f"simpletcp answer of {REAL}",
    )
    assert probe(request=request_) == expected
    assert probe(request="/section", own=(request_, "")) == expected


def test_the_pair_of_the_real_server_goes_first() -> None:
    assert probe(own=("/b", "c"), request="/a", receive="a").check == SimpleTcp(request=b"b", receive=Receive(b"c"))


def test_the_protocol_of_the_virtual_decides_what_carries_it() -> None:
    assert probe(UDP, request="/a").check == SimpleUdp(request=b"a")
    assert probe(UDP).target == CheckTarget(endpoint=REAL, transport=Transport.UDP)
    assert probe(MarkKey(1)) == probe(TCP)


def test_the_limit_is_negotiatetimeout() -> None:
    assert probe(negotiatetimeout=7.0, checktimeout=3.0).timeout == 7


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidOption, match="is no regular expression"):
        probe(receive="(")
