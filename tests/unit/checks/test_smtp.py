from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.smtp import Smtp
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import PeerClosed, Transport
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe
from ldirectord_py.model.service import MarkKey
from tests.peers.options import planned
from tests.peers.scripted import Reset, ScriptedPeer, pieces

SERVER = Endpoint(ip_address("10.0.0.5"), 2525)
EHLO = b"EHLO localhost.localdomain\r\n"
HELO = b"HELO localhost.localdomain\r\n"
QUIT = b"QUIT\r\n"
GREETING = b"220 mx.example.org ESMTP\r\n"
OFFERS = b"250-mx.example.org\r\n250-SIZE 10240000\r\n250-STARTTLS\r\n250 HELP\r\n"
EHLO_UP = up("greeted, and answered EHLO")

CASES = {
    "one line": (GREETING + b"250 mx\r\n", [EHLO, QUIT], EHLO_UP),
    "many lines": (b"220-mx\r\n220-no spam\r\n220 mx\r\n" + OFFERS, [EHLO, QUIT], EHLO_UP),
    "bare codes": (b"220\r\n250\r\n", [EHLO, QUIT], EHLO_UP),
    "bare LF": (b"220 mx\n250-mx\n250 HELP\n", [EHLO, QUIT], EHLO_UP),
    "a code that nobody knows": (b"299 mx\r\n251 mx\r\n", [EHLO, QUIT], EHLO_UP),
    "the code of the last line counts": (b"554-mx\r\n220 mx\r\n250 mx\r\n", [EHLO, QUIT], EHLO_UP),
    "knows no EHLO": (
        GREETING + b"500 what?\r\n250 mx\r\n",
        [EHLO, HELO, QUIT],
        up("greeted, and answered HELO"),
    ),
    "refuses both": (
        GREETING + b"550 not you\r\n550-really\r\n550 not you\r\n",
        [EHLO, HELO],
        down(Reason.STATUS, "EHLO refused, HELO answered with '550 not you', expected 2xx"),
    ),
    "rejects": (
        b"554-mx\r\n554 go away\r\n",
        [],
        down(Reason.STATUS, "greeted with '554 go away', expected 2xx"),
    ),
    "is busy": (b"421 busy\r\n", [], down(Reason.STATUS, "greeted with '421 busy', expected 2xx")),
    "is busy later": (
        GREETING + b"421 busy\r\n",
        [EHLO],
        down(Reason.STATUS, "EHLO answered with '421 busy', expected 2xx"),
    ),
    "wants more": (
        GREETING + b"354 go on\r\n",
        [EHLO],
        down(Reason.STATUS, "EHLO answered with '354 go on', expected 2xx"),
    ),
    "is no mail server": (
        b"+OK POP3 ready\r\n",
        [],
        down(Reason.PROTOCOL, "greeted with '+OK POP3 ready', which is no SMTP reply; expected 2xx"),
    ),
    "four digits": (
        b"2200 mx\r\n",
        [],
        down(Reason.PROTOCOL, "greeted with '2200 mx', which is no SMTP reply; expected 2xx"),
    ),
    "rubbish within a reply": (
        GREETING + b"250-mx\r\n\x00\xff\r\n",
        [EHLO],
        down(Reason.PROTOCOL, r"EHLO answered with '\x00\xff', which is no SMTP reply; expected 2xx"),
    ),
    "an empty line": (
        b"\r\n",
        [],
        down(Reason.PROTOCOL, "greeted with '', which is no SMTP reply; expected 2xx"),
    ),
}


@pytest.mark.parametrize(("said", "heard", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_dialogue(said: bytes, heard: list[bytes], expected: Outcome) -> None:
    peer = ScriptedPeer(*said.splitlines(keepends=True))
    assert await Smtp().probe(peer) == expected
    assert peer.heard == heard


@pytest.mark.parametrize(
    "said", [b"", b"220 mx", b"220-mx\r\n", GREETING, GREETING + b"250-mx\r\n", GREETING + b"500 what?\r\n"]
)
async def test_an_early_end_is_the_peers_to_tell(said: bytes) -> None:
    with pytest.raises(PeerClosed):
        await Smtp().probe(ScriptedPeer(said))


async def test_what_is_said_after_the_verdict_does_not_matter() -> None:
    assert await Smtp().probe(ScriptedPeer(GREETING, OFFERS, Reset)) == EHLO_UP


async def test_starttls_is_not_needed() -> None:
    peer = ScriptedPeer(GREETING, OFFERS)
    assert await Smtp().probe(peer) == EHLO_UP
    assert not peer.secured


@given(st.binary(max_size=300), st.lists(st.integers(min_value=0), max_size=8))
async def test_cuts_change_nothing(tail: bytes, cuts: list[int]) -> None:
    said = GREETING + OFFERS + tail
    assert await Smtp().probe(ScriptedPeer(*pieces(said, cuts))) == EHLO_UP


@given(
    st.lists(
        st.one_of(
            st.binary(min_size=1, max_size=200),
            st.sampled_from([GREETING, OFFERS, b"250-", b"250 ", b"500 ", b"\r\n", b"x" * 5000]),
        )
    )
)
async def test_no_bytes_crash_or_hang_it(said: list[bytes]) -> None:
    try:
        outcome = await Smtp().probe(ScriptedPeer(*said))
    except PeerClosed:
        return
    assert outcome.verdict in {Verdict.UP, Verdict.DOWN}
    assert outcome.detail.isprintable()
    assert len(outcome.detail) <= LONGEST_DETAIL


def test_what_a_configuration_says_of_other_services_is_not_used() -> None:
    options = CheckOptions(
        service="submission", negotiatetimeout=7, login="x", passwd="y", request="/z", receive="z", virtualhost="v"
    )
    probe = planned(options, CheckedServer(virtual=MarkKey(1), endpoint=SERVER))
    assert probe == Probe(
        check=Smtp(receive=Receive(b"z")),
        target=CheckTarget(endpoint=SERVER, transport=Transport.TCP),
        timeout=7,
        asked=f"submission greeting and EHLO of {SERVER}",
    )
