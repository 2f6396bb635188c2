from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.ldap.conversation import MOST_MESSAGES, Ldap
from ldirectord_py.checks.ldap.messages import MOST_MESSAGE, MOST_VALUES
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import PeerClosed, PeerTooLong, Transport
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe, TlsOptions
from ldirectord_py.model.service import AddressKey, Protocol
from tests.peers.options import planned
from tests.peers.scripted import ScriptedPeer, pieces

BASE = b"dc=example,dc=org"
LOGIN, PASSWD = b"cn=monitor,dc=example,dc=org", b"hush"


def tlv(tag: int, *parts: bytes) -> bytes:
    """Return an element whose length takes four bytes, as Active Directory writes it."""
    content = b"".join(parts)
    return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content


def message(number: int, operation: bytes) -> bytes:
    return tlv(0x30, tlv(2, bytes((number,))), operation)


def result(number: int, tag: int, code: int = 0, text: bytes = b"", more: bytes = b"") -> bytes:
    return message(number, tlv(tag, tlv(10, bytes((code,))), tlv(4), tlv(4, text), more))


def entry(name: bytes = BASE, attributes: Iterable[tuple[bytes, Iterable[bytes]]] = (), number: int = 2) -> bytes:
    listed = (tlv(0x30, tlv(4, kind), tlv(0x31, *(tlv(4, value) for value in values))) for kind, values in attributes)
    return message(number, tlv(0x64, tlv(4, name), tlv(0x30, *listed)))


BOUND, DONE = result(1, 0x61), result(2, 0x65)
REFERENCE = message(2, tlv(0x73, tlv(4, b"ldap://elsewhere/")))
INTERMEDIATE = message(2, tlv(0x79))
FULL = entry(attributes=[(b"objectClass", [b"top", b"dcObject"]), (b"dc", [b"example"]), (b"none", [])])
READ = up("read 'dc=example,dc=org'")
ODD = "expected an LDAP message, but got something else: "
NAME_DIFFERS = "the entry's name does not match 'zz': got 'dc=example,dc=org'; nor does an attribute"

CASES = {
    "one entry": ("", BOUND + entry() + DONE, READ),
    "the root": ("", BOUND + entry(b"") + DONE, up("read the root DSE")),
    "the name matches": ("^dc=ex", BOUND + FULL + DONE, up("read 'dc=example,dc=org', which matches")),
    "an attribute matches": (
        "^objectClass: dcO",
        BOUND + FULL + DONE,
        up("read 'dc=example,dc=org', an attribute matches"),
    ),
    "nothing matches": ("zz", BOUND + FULL + DONE, down(Reason.MISMATCH, NAME_DIFFERS)),
    "the root has no name to match": (
        "zz",
        BOUND + entry(b"") + DONE,
        down(Reason.MISMATCH, "the entry's name does not match 'zz': it is empty; nor does an attribute"),
    ),
    "others are passed over": ("", BOUND + INTERMEDIATE + entry() + REFERENCE + DONE, READ),
    "a result with more to it": (
        "",
        result(1, 0x61, more=tlv(0x87, b"x")) + entry() + result(2, 0x65, more=tlv(0xA3, b"")),
        READ,
    ),
    "no entry": (
        "",
        BOUND + DONE,
        down(Reason.STATUS, "the search ended well, but without the entry that was asked for"),
    ),
    "two entries": (
        "",
        BOUND + entry() + entry() + DONE,
        down(Reason.PROTOCOL, "expected one entry, but got more: the search asked for one name"),
    ),
    "no such entry": (
        "",
        BOUND + result(2, 0x65, 32),
        down(Reason.STATUS, "search for 'dc=example,dc=org' answered with noSuchObject (32), expected success"),
    ),
    "an entry, and then no": (
        "",
        BOUND + entry() + result(2, 0x65, 51, b"try later"),
        down(Reason.STATUS, "search for 'dc=example,dc=org' answered with busy (51): 'try later', expected success"),
    ),
    "not let in": (
        "",
        result(1, 0x61, 49),
        down(Reason.STATUS, "bind answered with invalidCredentials (49), expected success"),
    ),
    "not let in, with our own words": (
        "",
        result(1, 0x61, 49, b"not HUSH, cn=monitor,dc=example,dc=org!"),
        down(Reason.STATUS, "bind answered with invalidCredentials (49): 'not ***, ***!', expected success"),
    ),
    "a code of its own": (
        "",
        result(1, 0x61, 99),
        down(Reason.STATUS, "bind answered with result (99), expected success"),
    ),
    "shut down before the bind": (
        "",
        result(0, 0x78, 52, b"going down"),
        down(Reason.CLOSED, "the server ended the connection with unavailable (52): 'going down', expected success"),
    ),
    "shut down before the search": (
        "",
        BOUND + result(0, 0x78, 52),
        down(Reason.CLOSED, "the server ended the connection with unavailable (52), expected success"),
    ),
    "an answer to something else": (
        "",
        result(5, 0x61),
        down(Reason.PROTOCOL, "expected an answer to the bind, but got message 5 of type 0x61"),
    ),
    "a search's answer to the bind": (
        "",
        result(1, 0x65),
        down(Reason.PROTOCOL, "expected an answer to the bind, but got message 1 of type 0x65"),
    ),
    "a bind's answer to the search": (
        "",
        BOUND + result(2, 0x61),
        down(Reason.PROTOCOL, "expected an answer to the search, but got message 2 of type 0x61"),
    ),
    "another search's entry": (
        "",
        BOUND + entry(number=3),
        down(Reason.PROTOCOL, "expected an answer to the search, but got message 3 of type 0x64"),
    ),
    "endless": (
        "",
        BOUND + REFERENCE * MOST_MESSAGES + DONE,
        down(Reason.PROTOCOL, "expected the search's result, but it did not come within 16 messages"),
    ),
    "TLS": ("", b"\x15\x03\x01\x00\x02\x02\x46", down(Reason.PROTOCOL, ODD + r"it begins with '\x15\x03'")),
    "a length without end": (
        "",
        b"\x30\x80\0\0",
        down(Reason.PROTOCOL, ODD + "a length without end, or of too many bytes"),
    ),
    "nothing in it": ("", b"\x30\x00", down(Reason.PROTOCOL, ODD + "a message without number or operation")),
    "no operation": (
        "",
        tlv(0x30, tlv(2, b"\1")),
        down(Reason.PROTOCOL, ODD + "a message without number or operation"),
    ),
    "a text for a number": (
        "",
        tlv(0x30, tlv(4, b"\1"), tlv(0x61)),
        down(Reason.PROTOCOL, ODD + "a message without number or operation"),
    ),
    "half a result": (
        "",
        message(1, tlv(0x61, tlv(10, b"\0"))),
        down(Reason.PROTOCOL, ODD + "a result without code, name or message"),
    ),
    "an entry without name": (
        "",
        BOUND + message(2, tlv(0x64)) + DONE,
        down(Reason.PROTOCOL, ODD + "an entry without name"),
    ),
    "an attribute without values": (
        "zz",
        BOUND + message(2, tlv(0x64, tlv(4, BASE), tlv(0x30, tlv(0x30, tlv(4, b"dc"))))) + DONE,
        down(Reason.PROTOCOL, ODD + "an attribute without type or values"),
    ),
}


def check(receive: str = "") -> Ldap:
    return Ldap(base=BASE, login=LOGIN, passwd=PASSWD, receive=Receive.of(receive))


@pytest.mark.parametrize(("receive", "said", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_answers_however_they_are_cut(
    receive: str, said: bytes, expected: Outcome
) -> None:
    assert await check(receive).probe(ScriptedPeer(said)) == expected
    assert await check(receive).probe(ScriptedPeer(*pieces(said, range(len(said))))) == expected


@pytest.mark.parametrize(
    "said", [b"", b"\x30", b"\x30\x84\0\0", BOUND[:-1], BOUND, BOUND + entry(), BOUND + entry() + DONE[:-1]]
)
async def test_the_end_of_the_stream_is_the_probers_affair(said: bytes) -> None:
    with pytest.raises(PeerClosed):
        await check().probe(ScriptedPeer(said))


async def test_a_message_that_is_too_long_is_not_read() -> None:
    peer = ScriptedPeer(b"\x30\x84" + (MOST_MESSAGE + 1).to_bytes(4, "big"))
    with pytest.raises(PeerTooLong, match=rf"^the server announced a message of {MOST_MESSAGE + 1} bytes, expected "):
        await check().probe(peer)


async def test_so_many_values_are_looked_at() -> None:
    def said(place: int) -> ScriptedPeer:
        values = [b"x"] * place + [b"alive"]
        return ScriptedPeer(BOUND, entry(attributes=[(b"v", values)]), DONE)

    assert (await check("alive").probe(said(MOST_VALUES - 1))).verdict is Verdict.UP
    assert (await check("alive").probe(said(MOST_VALUES))).reason is Reason.MISMATCH
    empty = ScriptedPeer(BOUND, entry(attributes=[(b"v", [])] * MOST_VALUES + [(b"v", [b"alive"])]), DONE)
    assert (await check("alive").probe(empty)).reason is Reason.MISMATCH


BIND = "302c 020101 6027 020103 041c" + LOGIN.hex() + "8004" + PASSWD.hex()
ANONYMOUS = "300c 020101 6007 020103 0400 8000"
SEARCH = "303b 020102 6336 0411" + BASE.hex() + "0a01000a0100020100020100010100 870b" + b"objectClass".hex()


def sent(*parts: str) -> list[bytes]:
    return [bytes.fromhex(part.replace(" ", "")) for part in parts]


async def test_it_binds_then_searches_then_unbinds() -> None:
    peer = ScriptedPeer(BOUND, entry(), DONE)
    await check().probe(peer)
    assert peer.heard == sent(BIND, SEARCH + "3005 0403" + b"1.1".hex(), "30050201034200")


async def test_attributes_are_asked_for_only_where_something_has_to_match() -> None:
    peer = ScriptedPeer(BOUND, entry(), DONE)
    await check("zz").probe(peer)
    assert peer.heard[1].endswith(bytes.fromhex("3006 04012a 04012b"))


@pytest.mark.parametrize("half", [{"login": b""}, {"passwd": b""}, {"login": b"", "passwd": b""}])
async def test_without_login_and_passwd_the_bind_is_anonymous(half) -> None:
    peer = ScriptedPeer(BOUND, entry(), DONE)
    assert await replace(check(), **half).probe(peer) == READ
    assert peer.heard[0] == sent(ANONYMOUS)[0]


async def test_it_is_not_asked_who_is_not_let_in() -> None:
    peer = ScriptedPeer(result(1, 0x61, 49))
    await check().probe(peer)
    assert len(peer.heard) == 1


MESSAGES = [
    BOUND,
    DONE,
    entry(),
    FULL,
    REFERENCE,
    result(1, 0x61, 49),
    result(0, 0x78, 52),
    b"\x30\x84",
    b"\x30\x05",
    b"\x02\1\2",
]


@given(
    said=st.lists(st.sampled_from(MESSAGES) | st.binary(max_size=8), max_size=10).map(b"".join),
    spoilt=st.none() | st.tuples(st.integers(0, 300), st.integers(0, 255)),
    cuts=st.lists(st.integers(0, 10**6), max_size=6),
    receive=st.sampled_from(["", "zz", "dc"]),
)
async def test_no_bytes_in_any_pieces_crash_the_check(said, spoilt, cuts, receive) -> None:
    if spoilt and said:
        place = spoilt[0] % len(said)
        said = said[:place] + bytes((spoilt[1],)) + said[place + 1 :]
    try:
        outcome = await check(receive).probe(ScriptedPeer(*pieces(said, cuts)))
    except (PeerClosed, PeerTooLong):
        return
    assert len(outcome.detail) <= LONGEST_DETAIL
    assert outcome.verdict is not Verdict.FAULT


REAL = Endpoint(ip_address("10.0.0.5"), 389)
SUBJECT = CheckedServer(virtual=AddressKey(Protocol.TCP, REAL), endpoint=REAL)
ASKING = CheckOptions(
    service="ldap",
    request="/dc=example,dc=org",
    login=LOGIN.decode(),
    passwd=PASSWD.decode(),
    receive="dc",
    checktimeout=3,
    negotiatetimeout=7,
)


def test_it_is_asked_as_configured_within_checktimeout() -> None:
    assert planned(ASKING, SUBJECT) == Probe(
        check=check("dc"),
        target=CheckTarget(endpoint=REAL),
        timeout=3,
        asked="ldap entry dc=example,dc=org of 10.0.0.5:389",
    )


@pytest.mark.parametrize(("virtualhost", "name"), [(None, None), ("ldap.example.org", "ldap.example.org")])
def test_ldaps_is_ldap_over_tls(virtualhost: str | None, name: str | None) -> None:
    target = CheckTarget(endpoint=REAL, transport=Transport.TLS, tls=TlsOptions(server_name=name))
    probe = planned(replace(ASKING, service="ldaps", virtualhost=virtualhost), SUBJECT)
    assert probe == Probe(check=check("dc"), target=target, timeout=3, asked=probe.asked)


@pytest.mark.parametrize(
    ("options", "subject", "expected"),
    [
        (CheckOptions(service="ldap"), SUBJECT, Ldap()),
        (replace(ASKING, login="", passwd=""), replace(SUBJECT, request="/o=x", receive=""), Ldap(base=b"o=x")),
        (CheckOptions(service="ldap", request="/dc=\udcfc, o=\u00fc"), SUBJECT, Ldap(base=b"dc=\xfc, o=\xc3\xbc")),
    ],
    ids=["nothing said", "own request", "raw bytes"],
)
def test_the_request_is_the_entrys_name(options: CheckOptions, subject: CheckedServer, expected: Ldap) -> None:
    assert planned(options, subject).check == expected


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidOption, match="is no regular expression"):
        planned(replace(ASKING, receive="("), SUBJECT)


def test_secrets_do_not_show() -> None:
    shown = repr(planned(ASKING, SUBJECT))
    assert not [word for word in (LOGIN.decode(), PASSWD.decode()) if word in shown]
