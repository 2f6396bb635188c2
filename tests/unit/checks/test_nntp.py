from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.nntp import Nntp
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import PeerClosed
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe
from ldirectord_py.model.service import MarkKey
from tests.peers.options import planned
from tests.peers.scripted import Reset, ScriptedPeer, pieces

SERVER = Endpoint(ip_address("10.0.0.5"), 1119)
QUIT = b"QUIT\r\n"
GREETED = up("greeted")

CASES = {
    "posting allowed": (b"200 news.example.org ready (posting ok)\r\n", [QUIT], GREETED),
    "no posting": (b"201 news.example.org ready (no posting)\r\n", [QUIT], GREETED),
    "a bare code": (b"200\n", [QUIT], GREETED),
    "not now": (
        b"400 closed for repairs\r\n",
        [],
        down(Reason.STATUS, "greeted with '400 closed for repairs', expected 2xx"),
    ),
    "never": (b"502 not you\r\n", [], down(Reason.STATUS, "greeted with '502 not you', expected 2xx")),
    "no news server": (
        b"* OK IMAP4rev1\r\n",
        [],
        down(Reason.PROTOCOL, "greeted with '* OK IMAP4rev1', which is no NNTP response; expected 2xx"),
    ),
    "four digits": (
        b"2000\r\n",
        [],
        down(Reason.PROTOCOL, "greeted with '2000', which is no NNTP response; expected 2xx"),
    ),
    "two digits": (
        b"20 x\r\n",
        [],
        down(Reason.PROTOCOL, "greeted with '20 x', which is no NNTP response; expected 2xx"),
    ),
    "an empty line": (b"\r\n", [], down(Reason.PROTOCOL, "greeted with '', which is no NNTP response; expected 2xx")),
}


@pytest.mark.parametrize(("said", "heard", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_greeting(said: bytes, heard: list[bytes], expected: Outcome) -> None:
    peer = ScriptedPeer(said, Reset)
    assert await Nntp().probe(peer) == expected
    assert peer.heard == heard


@pytest.mark.parametrize("said", [b"", b"200", b"200 news"])
async def test_an_early_end_is_the_peers_to_tell(said: bytes) -> None:
    with pytest.raises(PeerClosed):
        await Nntp().probe(ScriptedPeer(said))


@given(st.binary(max_size=300), st.lists(st.integers(min_value=0), max_size=8))
async def test_no_bytes_crash_or_hang_it(said: bytes, cuts: list[int]) -> None:
    try:
        outcome = await Nntp().probe(ScriptedPeer(*pieces(said, cuts)))
    except PeerClosed:
        return
    assert (outcome.verdict is Verdict.UP) == (said[:1] == b"2" and said[1:3].isdigit() and not said[3:4].isdigit())
    assert outcome.detail.isprintable()
    assert len(outcome.detail) <= LONGEST_DETAIL


def test_the_probe_is_of_the_endpoint_within_the_negotiatetimeout() -> None:
    probe = planned(
        CheckOptions(service="nntp", negotiatetimeout=7), CheckedServer(virtual=MarkKey(1), endpoint=SERVER)
    )
    assert probe == Probe(
        check=Nntp(), target=CheckTarget(endpoint=SERVER), timeout=7, asked=f"nntp greeting of {SERVER}"
    )
