import hmac
from dataclasses import replace
from hashlib import md5
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.datagrams import MOST_STRANGE
from ldirectord_py.checks.radius.conversation import Radius
from ldirectord_py.checks.radius.packet import attributes
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import Transport
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, FixedOutcome, Probe
from ldirectord_py.model.service import AddressKey, Protocol
from tests.peers.answering import AnsweringPeer
from tests.peers.options import planned

SECRET = b"s3cret"
CHECK = Radius(login=b"nemo", passwd=b"arctangent", secret=SECRET)


def answer(code: int, *fields: tuple[int, bytes], secret: bytes = SECRET, signed: bool | bytes = False):
    """Return a server that answers with *code* and *fields*, and a Message-Authenticator: none, right, or as given."""

    def respond(request: bytes) -> bytes:
        listed = [(80, bytes(16)), *fields] if signed else list(fields)
        content = b"".join(bytes((kind, 2 + len(text))) + text for kind, text in listed)
        head = bytes((code, request[1])) + (20 + len(content)).to_bytes(2, "big")
        if signed:
            signature = hmac.digest(secret, head + request[4:20] + content, "md5") if signed is True else signed
            content = content[:2] + signature + content[18:]
        return head + md5(head + request[4:20] + content + secret).digest() + content

    return respond


NO = "Access-Reject: the server does not accept login and passwd"
UNSIGNED = down(
    Reason.PROTOCOL,
    "the answer's authenticator is wrong: expected one made with our secret; the server has another for this director",
)
CHALLENGED = down(
    Reason.STATUS, "Access-Challenge: the server asks for more than a password, expected Access-Accept at once"
)
STRANGE = down(Reason.PROTOCOL, "expected a RADIUS answer to our request, but other datagrams came")
CASES = {
    "accepted": (answer(2), up("Access-Accept")),
    "accepted, with attributes": (answer(2, (18, b"Welcome"), (6, bytes(4))), up("Access-Accept")),
    "accepted, signed": (answer(2, (18, b"Welcome"), signed=True), up("Access-Accept")),
    "accepted, padded": (lambda request: answer(2)(request) + b"padding", up("Access-Accept")),
    "accepted, wrongly signed": (answer(2, signed=b"x" * 16), UNSIGNED),
    "accepted, signed too shortly": (answer(2, (80, b"x")), UNSIGNED),
    "accepted with another secret": (answer(2, secret=b"other"), UNSIGNED),
    "accepted with another secret, signed": (answer(2, secret=b"other", signed=True), UNSIGNED),
    "accepted in a rejection's stead": (lambda request: b"\x02" + answer(3)(request)[1:], UNSIGNED),
    "rejected": (answer(3), down(Reason.STATUS, NO)),
    "rejected, signed": (answer(3, signed=True), down(Reason.STATUS, NO)),
    "rejected, with words": (
        answer(3, (18, b"Account "), (18, b"locked")),
        down(Reason.STATUS, f"{NO}; it says 'Account locked'"),
    ),
    "rejected, with our own words": (
        answer(3, (18, b"no arctangent for nemo by s3cret")),
        down(Reason.STATUS, f"{NO}; it says 'no *** for *** by ***'"),
    ),
    "challenged": (
        answer(11, (18, b"PIN?"), (24, b"state")),
        CHALLENGED,
    ),
    "another packet": (answer(5), down(Reason.PROTOCOL, "expected Access-Accept, but got a packet with code 5")),
}  # fmt: skip


@pytest.mark.parametrize(("respond", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_answer(respond, expected: Outcome) -> None:
    def said(request: bytes) -> list[bytes]:
        strange = bytes((2, request[1] ^ 1)) + bytes(18)
        return [b"x", strange, respond(request)]

    assert await CHECK.probe(AnsweringPeer(said)) == expected


async def test_a_packet_that_is_too_short_is_none() -> None:
    outcome = await CHECK.probe(AnsweringPeer(lambda request: [b"\x02" + request[1:2] + b"\0\x14"]))
    assert outcome.reason is Reason.PROTOCOL
    assert outcome.detail.startswith("expected a RADIUS answer, but got '\\x02")
    assert outcome.detail.endswith(": 4 bytes came, and the length in them is 20")


async def test_an_attribute_without_length_is_malformed() -> None:
    def said(request: bytes) -> list[bytes]:
        head = bytes((2, request[1])) + b"\0\x16"
        return [head + md5(head + request[4:20] + b"\x06\x00" + SECRET).digest() + b"\x06\x00"]

    outcome = await CHECK.probe(AnsweringPeer(said))
    assert outcome.reason is Reason.PROTOCOL
    assert outcome.detail.endswith(": the attribute at byte 20 has no proper length")


@pytest.mark.parametrize("said", [[], [b"strange"] * (MOST_STRANGE + 1)], ids=["an empty one", "a flood"])
async def test_other_datagrams_are_passed_over_only_so_long(said: list[bytes]) -> None:
    def strange(request: bytes) -> list[bytes]:
        return [datagram[:1] + bytes((request[1] ^ 1,)) for datagram in said]

    assert await CHECK.probe(AnsweringPeer(strange)) == STRANGE


async def test_the_request_is_a_signed_access_request() -> None:
    peers = [AnsweringPeer(lambda request: [answer(2)(request)]) for _ in range(8)]
    for peer in peers:
        await CHECK.probe(peer)
    requests = [peer.heard[0] for peer in peers]
    assert len({request[4:20] for request in requests}) == len(requests), "authenticators are random"
    assert len({request[1] for request in requests}) > 1
    for request in requests:
        assert (request[0], int.from_bytes(request[2:4], "big")) == (1, len(request))
        signature, name, password, nas = attributes(request)
        assert [signature.kind, name.kind, password.kind, nas.kind] == [80, 1, 2, 32]
        assert (name.content, nas.content) == (b"nemo", b"ldirectord-py")
        pad = md5(SECRET + request[4:20]).digest()
        assert bytes(a ^ b for a, b in zip(password.content, pad, strict=True)) == b"arctangent" + bytes(6)
        assert hmac.digest(SECRET, request.replace(signature.content, bytes(16)), "md5") == signature.content


async def test_without_a_login_no_name_is_sent() -> None:
    peer = AnsweringPeer(lambda request: [answer(2)(request)])
    await replace(CHECK, login=b"").probe(peer)
    assert [one.kind for one in attributes(peer.heard[0])] == [80, 2, 32]


@given(
    code=st.integers(0, 255),
    size=st.none() | st.integers(0, 65535),
    content=st.lists(st.binary(max_size=20) | st.just(b"\x50\x12" + bytes(16)), max_size=4).map(b"".join),
    signed=st.booleans(),
)
async def test_no_bytes_crash_or_convince_it(code, size, content, signed) -> None:
    def said(request: bytes) -> list[bytes]:
        head = bytes((code, request[1])) + (20 + len(content) if size is None else size).to_bytes(2, "big")
        authenticator = md5(head + request[4:20] + content + SECRET).digest() if signed else bytes(16)
        return [head + authenticator + content]

    outcome = await CHECK.probe(AnsweringPeer(said))
    assert outcome.verdict is (Verdict.UP if outcome == up("Access-Accept") else Verdict.DOWN)
    assert len(outcome.detail) <= LONGEST_DETAIL
    assert signed or outcome.verdict is Verdict.DOWN


REAL = Endpoint(ip_address("10.0.0.5"), 1812)
SUBJECT = CheckedServer(virtual=AddressKey(Protocol.TCP, REAL), endpoint=REAL)
ASKING = CheckOptions(
    service="radius", login="nemo", passwd="arctangent", secret="s3cret", checktimeout=3, negotiatetimeout=7
)


def test_it_is_asked_over_udp_within_checktimeout() -> None:
    assert planned(ASKING, SUBJECT) == Probe(
        check=CHECK,
        target=CheckTarget(endpoint=REAL, transport=Transport.UDP),
        timeout=3,
        asked=f"radius login at {REAL}",
    )


def test_without_a_secret_the_server_is_down_and_the_reason_says_what_to_do() -> None:
    check = planned(replace(ASKING, secret=""), SUBJECT).check
    assert isinstance(check, FixedOutcome)
    assert (
        check.outcome.detail == "service radius needs the secret that the server shares with this director: set secret"
    )


@pytest.mark.parametrize(("directive", "most"), [("login", 253), ("passwd", 128)])
def test_what_radius_has_no_room_for_is_refused(directive: str, most: int) -> None:
    planned(replace(ASKING, **{directive: "ü" * (most // 2)}), SUBJECT)
    with pytest.raises(
        InvalidOption, match=rf"^expected at most {most} bytes for service radius, but got \d+$"
    ) as refused:
        planned(replace(ASKING, **{directive: "ü" * (most // 2 + 1)}), SUBJECT)
    assert refused.value.directive == directive


def test_secrets_do_not_show() -> None:
    shown = repr(planned(ASKING, SUBJECT))
    assert not [word for word in ("nemo", "arctangent", "s3cret") if word in shown]
