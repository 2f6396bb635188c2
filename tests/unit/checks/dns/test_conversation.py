import struct
from contextlib import suppress

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ldirectord_py.checks.datagrams import MOST_STRANGE
from ldirectord_py.checks.dns.conversation import Dns
from ldirectord_py.checks.dns.messages import (
    MOST_ADDRESSES,
    MOST_NAMES,
    DnsMessageError,
    RecordType,
    read_answer,
)
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.model.checks.conversation import PeerClosed
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from tests.peers.answering import AnsweringPeer
from tests.peers.scripted import pieces

NAME = "www.example.org."
ASKED = "'www.example.org.' A"
CUT = "; the answer is truncated: ask for a name with fewer records, or with protocol=tcp"


def check(receive: str = "", name: str = NAME, kind: RecordType = RecordType.A, *, stream: bool = False) -> Dns:
    return Dns(name=name, kind=kind, receive=Receive.of(receive), stream=stream)


def answer(*records: str, rcode: int = 0, flags: int = 0, name: str = NAME):
    """Return a server that answers every query with *records*, as `TYPE CONTENT`."""

    def respond(query: bytes) -> bytes:
        response = dns.message.make_response(dns.message.from_wire(query))
        response.set_rcode(rcode)
        response.flags |= flags
        for record in records:
            kind, _, content = record.partition(" ")
            response.answer.append(dns.rrset.from_text(name, 60, "IN", kind, content))
        return response.to_wire()

    return respond


def edited(respond, place: int, *replacement: int):
    """Return *respond* with the bytes at *place* replaced."""

    def spoilt(query: bytes) -> bytes:
        wire = bytearray(respond(query))
        wire[place : place + len(replacement)] = replacement
        return bytes(wire)

    return spoilt


def cut(respond, size: int):
    return lambda query: respond(query)[:size]


def malformed(complaint: str) -> Outcome:
    return down(Reason.PROTOCOL, MALFORMED + complaint)


MISMATCH = f"the answer to {ASKED} does not match '^10': got "
MALFORMED = "the DNS answer is malformed: "
CASES = {
    "an address": ("", answer("A 10.0.0.7"), up(f"{ASKED} is 10.0.0.7")),
    "an address that matches": ("^10", answer("A 10.0.0.7"), up(f"{ASKED} is 10.0.0.7")),
    "one of many matches": ("^10", answer("A 192.0.2.1", "A 10.0.0.7"), up(f"{ASKED} is 10.0.0.7")),
    "an address that does not": ("^10", answer("A 192.0.2.1"), down(Reason.MISMATCH, MISMATCH + "'192.0.2.1'")),
    "none of two": (
        "^10",
        answer("A 192.0.2.1", "A 192.0.2.2"),
        down(Reason.MISMATCH, MISMATCH + "'192.0.2.1' and 1 more"),
    ),
    "an IPv6 address": ("^2001:db8::7$", answer("AAAA 2001:db8:0:0:0::7"), up(f"{ASKED} is 2001:db8::7")),
    "a name, without its final dot": ("^a.example$", answer("PTR a.example."), up(f"{ASKED} is a.example")),
    "an alias before the address": (
        "^10",
        answer("CNAME other.example.org.", "A 10.0.0.7"),
        up(f"{ASKED} is 10.0.0.7"),
    ),
    "an alias alone": (
        "other",
        answer("CNAME other.example.org."),
        down(Reason.MISMATCH, f"{ASKED} was answered without any address or name"),
    ),
    "nothing": ("", answer(), down(Reason.MISMATCH, f"{ASKED} was answered without any address or name")),
    "nothing to match": ("x", answer(), down(Reason.MISMATCH, f"{ASKED} was answered without any address or name")),
    "text only": (
        "^10",
        answer('TXT "10.0.0.7"'),
        down(Reason.MISMATCH, f"{ASKED} was answered without any address or name"),
    ),
    "no such name": ("", answer(rcode=3), down(Reason.STATUS, f"{ASKED} was answered with NXDOMAIN")),
    "failed": ("", answer(rcode=2), down(Reason.STATUS, f"{ASKED} was answered with SERVFAIL")),
    "refused": ("^10", answer("A 10.0.0.7", rcode=5), down(Reason.STATUS, f"{ASKED} was answered with REFUSED")),
    "a code without name": ("", answer(rcode=12), down(Reason.STATUS, f"{ASKED} was answered with 12")),
    "refused without the question": (
        "",
        lambda query: query[:2] + b"\x80\x05" + bytes(8),
        down(Reason.STATUS, f"{ASKED} was answered with REFUSED"),
    ),
    "truncated, with a match": ("^10", answer("A 10.0.0.7", flags=dns.flags.TC), up(f"{ASKED} is 10.0.0.7")),
    "truncated, without a match": (
        "^10",
        answer("A 192.0.2.1", flags=dns.flags.TC),
        down(Reason.MISMATCH, MISMATCH + "'192.0.2.1'" + CUT),
    ),
    "truncated, empty": (
        "",
        answer(flags=dns.flags.TC),
        down(Reason.MISMATCH, f"{ASKED} was answered without any address or name{CUT}"),
    ),
    "in other letters": ("", edited(answer("A 10.0.0.7"), 13, *b"WwW"), up(f"{ASKED} is 10.0.0.7")),
    "an echo": ("", lambda query: query, down(Reason.PROTOCOL, "expected a DNS answer, but our question came back")),
    "ends in a record": ("", cut(answer("A 10.0.0.7"), -1), malformed("a record longer than the message")),
    "ends before a record": ("", cut(answer("A 10.0.0.7"), 34), malformed("it ends within a record")),
    "an odd label": (
        "",
        edited(answer("A 10.0.0.7"), 33, 0x40),
        malformed("a name with a label of no known type"),
    ),
    "another class": (
        "",
        edited(answer("A 10.0.0.7"), 38, 3),
        down(Reason.MISMATCH, f"{ASKED} was answered without any address or name"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("receive", "respond", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_datagram(receive: str, respond, expected: Outcome) -> None:
    assert await check(receive).probe(AnsweringPeer(lambda query: [respond(query)])) == expected


@pytest.mark.parametrize(("receive", "respond", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_stream_however_it_is_cut(receive: str, respond, expected: Outcome) -> None:
    def said(query: bytes) -> list[bytes]:
        assert int.from_bytes(query[:2], "big") == len(query) - 2
        message = respond(query[2:])
        framed = len(message).to_bytes(2, "big") + message
        return pieces(framed, range(len(framed)))

    assert await check(receive, stream=True).probe(AnsweringPeer(said)) == expected


@pytest.mark.parametrize("said", [b"", b"\0", b"\0\x20half"])
async def test_the_end_of_the_stream_is_the_probers_affair(said: bytes) -> None:
    with pytest.raises(PeerClosed):
        await check(stream=True).probe(AnsweringPeer(lambda _: [said]))


@pytest.mark.parametrize("said", [b"\0\0", b"\0\x05HTTP/", b"\0\x0c" + bytes(12)])
async def test_a_stream_of_something_else_is_no_answer(said: bytes) -> None:
    outcome = await check(stream=True).probe(AnsweringPeer(lambda _: [said]))
    assert outcome.reason is Reason.PROTOCOL
    assert outcome.detail.startswith("expected a DNS answer to our question, but got ")


async def test_datagrams_about_something_else_are_passed_over() -> None:
    good = answer("A 10.0.0.7")

    def said(query: bytes) -> list[bytes]:
        other_id = bytes((query[0] ^ 1,)) + query[1:]
        other_name = answer("A 10.0.0.8")(query[:12] + query[12:].replace(b"www", b"ftp"))
        return [b"x", b"\0" * 12, good(other_id), other_name, good(query)[:11], good(query)]

    assert await check().probe(AnsweringPeer(said)) == up(f"{ASKED} is 10.0.0.7")


@pytest.mark.parametrize("said", [[], [b"strange"] * (MOST_STRANGE + 1)], ids=["an empty one", "a flood"])
async def test_other_datagrams_are_passed_over_only_so_long(said: list[bytes]) -> None:
    assert await check().probe(AnsweringPeer(lambda _: said)) == down(
        Reason.PROTOCOL, "expected a DNS answer to our question, but other datagrams came"
    )


@pytest.mark.parametrize(
    ("kind", "rdata", "complaint"),
    [
        (1, b"\x0a\0\0", "a record of type A whose content, "),
        (28, b"\x0a\0\0\1", "a record of type AAAA whose content, "),
        (12, b"\xc0\xff", "a record of type PTR whose content, "),
        (12, b"\x3fa", "a record of type PTR whose content, "),
    ],
)
async def test_a_record_that_is_none_is_malformed(kind: int, rdata: bytes, complaint: str) -> None:
    def said(query: bytes) -> list[bytes]:
        record = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(rdata)) + rdata
        return [query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:] + record]

    outcome = await check().probe(AnsweringPeer(said))
    assert (outcome.reason, outcome.detail[: len(MALFORMED + complaint)]) == (Reason.PROTOCOL, MALFORMED + complaint)


async def test_the_root_has_no_address_so_any_proper_answer_will_do() -> None:
    ask = check(name=".")
    assert await ask.probe(AnsweringPeer(lambda query: [answer()(query)])) == up("'.' was answered")
    assert await ask.probe(AnsweringPeer(lambda query: [answer(rcode=5)(query)])) == down(
        Reason.STATUS, "'.' A was answered with REFUSED"
    )


@pytest.mark.parametrize(
    ("record", "most"), [("A 10.{}.{}.7", MOST_ADDRESSES), ("PTR 10.{}.{}.7.", MOST_NAMES)], ids=["addresses", "names"]
)
async def test_so_many_records_are_looked_at(record: str, most: int) -> None:
    many = answer(*(record.format(index >> 8, index & 255) for index in range(500)))

    async def outcome(place: int) -> Outcome:
        pattern = rf"^10\.{place >> 8}\.{place & 255}\."
        return await check(pattern).probe(AnsweringPeer(lambda query: [many(query)]))

    assert (await outcome(most - 1)).verdict is Verdict.UP
    assert (await outcome(most)).detail.endswith(f"and {most - 1} more")


@pytest.mark.parametrize("kind", RecordType)
async def test_the_query_asks_one_question_and_desires_recursion(kind: RecordType) -> None:
    peers = [AnsweringPeer(lambda query: [answer()(query)]) for _ in range(8)]
    for peer in peers:
        await check(kind=kind).probe(peer)
    asked = [dns.message.from_wire(peer.heard[0]) for peer in peers]
    assert len({query.id for query in asked}) > 1, "identifiers are chosen at random"
    for query in asked:
        assert (query.flags, query.rcode(), len(query.question)) == (dns.flags.RD, dns.rcode.NOERROR, 1)
        assert str(query.question[0]) == f"www.example.org. IN {kind}"


@example(records=["AAAA ::ffff:10.0.0.1", "AAAA ::a00:1", "AAAA ::"], authority=False)
@given(
    records=st.lists(
        st.ip_addresses(v=4).map("A {}".format)
        | st.ip_addresses(v=6).map("AAAA {}".format)
        | st.sampled_from(["PTR a.b.", "PTR .", r"PTR a\.b.c\032d.", "CNAME www.example.org.", "MX 5 a.b.", "TXT x"]),
        max_size=8,
    ),
    authority=st.booleans(),
)
def test_answers_are_read_as_dnspython_reads_them(records: list[str], authority: bool) -> None:
    wire = answer(*records)(dns.message.make_query(NAME, "A").to_wire())
    if authority:
        response = dns.message.from_wire(wire)
        response.authority.append(dns.rrset.from_text("example.org.", 60, "IN", "A", "192.0.2.99"))
        wire = response.to_wire()
    expected = [
        record.to_text().removesuffix(".") or "."
        for rrset in dns.message.from_wire(wire, one_rr_per_rrset=True).answer
        if rrset.rdtype in {1, 12, 28}
        for record in rrset
    ]
    assert [record.decode() for record in read_answer(wire).records] == expected


HEADER = struct.Struct(">BBHHHH")


@given(
    head=st.binary(min_size=10, max_size=10)
    | st.builds(HEADER.pack, st.just(0x81), st.integers(0, 255), st.just(1), st.integers(0, 9), st.just(0), st.just(0)),
    records=st.lists(
        st.binary(max_size=12)
        | st.sampled_from(
            [b"\xc0\x0c", b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3\4", b"\xc0\x0c\0\x0c\0\1\0\0\0\0\0\2\xc0\x0c"]
        ),
        max_size=6,
    ).map(b"".join),
    receive=st.sampled_from(["", "1.2"]),
    stream=st.booleans(),
    cuts=st.lists(st.integers(0, 10**6), max_size=4),
)
async def test_no_bytes_crash_the_check(head, records, receive, stream, cuts) -> None:
    def said(query: bytes) -> list[bytes]:
        asked = query[2:] if stream else query
        message = asked[:2] + head + asked[12:] + records
        return pieces(len(message).to_bytes(2, "big") + message, cuts) if stream else [message]

    outcome = await check(receive, stream=stream).probe(AnsweringPeer(said))
    assert len(outcome.detail) <= LONGEST_DETAIL
    assert outcome.verdict is not Verdict.FAULT


@given(st.binary(min_size=12, max_size=300))
def test_no_message_crashes_the_reader(message: bytes) -> None:
    with suppress(DnsMessageError):
        assert len(read_answer(message).records) <= MOST_ADDRESSES


def test_equal_questions_are_one_check() -> None:
    assert check("a") == check("a")
    assert hash(check("a")) == hash(check("a"))
    assert len({check(), check("a"), check(name="."), check(kind=RecordType.PTR), check(stream=True)}) == 5
