"""`receive` with smtp, submission, pop, imap and nntp: a line that the server says has to match."""

from ipaddress import ip_address

import pytest

from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.registry import plan
from ldirectord_py.checks.text_lines import MOST_LINES
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.check_plan import Repeated
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from tests.peers.options import VIP, probe_of
from tests.peers.scripted import ScriptedPeer

SERVER = Endpoint(ip_address("10.0.0.5"), 7000)
LOGIN = {"login": "bob", "passwd": "rabbit-hole"}
SMTP = b"220-mx.example.org ESMTP\r\n220 ready\r\n250-mx\r\n250-STARTTLS\r\n250 HELP\r\n"
OLD_SMTP = b"220 mx\r\n502 no EHLO here\r\n250 old but glad\r\n"
POP = b"+OK Dovecot <1.2@x>\r\n+OK name\r\n+OK 3 messages for rabbit-hole\r\n"
IMAP = b"* OK [CAPABILITY IMAP4rev1] ready\r\n* CAPABILITY IDLE\r\na1 OK bob is in\r\n"
GOODBYES = {b"QUIT\r\n", b"a2 LOGOUT\r\n"}
NNTP = b"200 news.example.org InterNetNews ready\r\n"


async def asked(said: bytes, service: str, receive: str, **words: str) -> tuple[Outcome, bytes]:
    """Return the verdict, and what was said last."""
    peer = ScriptedPeer(said)
    outcome = await probe_of(SERVER, service=service, receive=receive, **words).check.probe(peer)
    return outcome, peer.heard[-1]


@pytest.mark.parametrize(
    ("service", "said", "words", "receive", "expected"),
    [
        ("smtp", SMTP, {}, "^220 ready$", "greeted, and answered EHLO; a line matches"),
        ("smtp", SMTP, {}, "^220-mx.*ESMTP", "greeted, and answered EHLO; a line matches"),
        ("submission", SMTP, {}, "^250-STARTTLS$", "greeted, and answered EHLO; a line matches"),
        ("smtp", OLD_SMTP, {}, "glad", "greeted, and answered HELO; a line matches"),
        ("pop", POP, {}, "Dovecot", "greeted; a line matches"),
        ("pop", POP, LOGIN, "[0-9]+ messages", "greeted, and let us in; a line matches"),
        ("imap", IMAP, {}, "IMAP4rev1", "greeted; a line matches"),
        ("imap", IMAP, LOGIN, "IDLE", "greeted, and let us in; a line matches"),
        ("imap", IMAP, LOGIN, "is in$", "greeted, and let us in; a line matches"),
        ("nntp", NNTP, {}, "InterNetNews", "greeted; a line matches"),
    ],
)
async def test_a_line_that_matches_is_up(service, said, words, receive, expected) -> None:
    outcome, last = await asked(said, service, receive, **words)
    assert outcome == up(expected)
    assert last in GOODBYES


@pytest.mark.parametrize(
    ("service", "said", "words", "receive", "told"),
    [
        ("smtp", SMTP, {}, "AUTH", r"220-mx.example.org ESMTP\n220 ready\n250-mx\n250-STARTTLS\n250 HELP"),
        ("smtp", SMTP, {}, "ESMTP.*HELP", r"220-mx.example.org ESMTP\n220 ready\n250-mx\n250-STARTTLS\n250 HELP"),
        ("pop", POP, {}, "messages", "+OK Dovecot <1.2@x>"),
        ("pop", POP, LOGIN, "spam", r"+OK Dovecot <1.2@x>\n+OK name\n+OK 3 messages for ***"),
        ("imap", IMAP, {}, "IDLE", "* OK [CAPABILITY IMAP4rev1] ready"),
        ("imap", IMAP, LOGIN, "JUNK", r"* OK [CAPABILITY IMAP4rev1] ready\n* CAPABILITY IDLE\na1 OK *** is in"),
        ("nntp", NNTP, {}, "^201", "200 news.example.org InterNetNews ready"),
    ],
)
async def test_without_a_line_that_matches_it_is_down_and_takes_leave(service, said, words, receive, told) -> None:
    outcome, last = await asked(said, service, receive, **words)
    expected = f"no line of the server's matches '{receive}': it said '{told}'"
    assert outcome == down(Reason.MISMATCH, expected[:LONGEST_DETAIL])
    assert last in GOODBYES


async def test_what_is_no_success_is_told_before_the_pattern() -> None:
    peer = ScriptedPeer(b"421 busy\r\n")
    check = probe_of(SERVER, service="smtp", receive="busy").check
    assert await check.probe(peer) == down(Reason.STATUS, "greeted with '421 busy', expected 2xx")


async def test_a_pattern_that_gives_up_has_not_matched() -> None:
    outcome, _ = await asked(b"200 " + b"a" * 64 + b"!\r\n", "nntp", "^200 (a+)+$")
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.MISMATCH)
    assert "gave up on a line" in outcome.detail


async def test_of_many_lines_the_first_count() -> None:
    said = b"220-x\r\n" * MOST_LINES + b"220 the last\r\n250 ok\r\n"
    assert (await asked(said, "smtp", "the last"))[0].reason is Reason.MISMATCH
    assert (await asked(said[len(b"220-x\r\n") :], "smtp", "the last"))[0].verdict is Verdict.UP


def pattern_of(options: CheckOptions, subject: CheckedServer) -> Receive | None:
    repeated = plan(options, subject)
    assert isinstance(repeated, Repeated)
    return repeated.probe.check.receive


@pytest.mark.parametrize("service", ["smtp", "submission", "pop", "pops", "imap", "imaps", "nntp"])
def test_the_pattern_of_a_real_servers_own_goes_first(service: str) -> None:
    own = CheckedServer(virtual=VIP, endpoint=SERVER, receive="own")
    shared = CheckedServer(virtual=VIP, endpoint=SERVER)
    assert pattern_of(CheckOptions(service=service, receive="shared"), own) == Receive(b"own")
    assert pattern_of(CheckOptions(service=service, receive="shared"), shared) == Receive(b"shared")
    assert pattern_of(CheckOptions(service=service), shared) is None
