from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.pop import Pop
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import PeerClosed, Transport
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe, TlsOptions
from ldirectord_py.model.service import MarkKey
from tests.peers.options import planned
from tests.peers.scripted import Reset, ScriptedPeer, pieces

SERVER = Endpoint(ip_address("10.0.0.5"), 1110)
SUBJECT = CheckedServer(virtual=MarkKey(1), endpoint=SERVER)
BOB = Pop(login=b"bob", passwd=b"gehe im")
USER, PASS, QUIT = b"USER bob\r\n", b"PASS gehe im\r\n", b"QUIT\r\n"
OK = b"+OK\r\n"
GREETED, LET_IN = up("greeted"), up("greeted, and let us in")

CASES = {
    "greets": (Pop(), b"+OK POP3 ready <1.2@mx>\r\n", [QUIT], GREETED),
    "greets with two letters": (Pop(), OK, [QUIT], GREETED),
    "lets in": (BOB, b"+OK ready\r\n+OK go on\r\n+OK 2 messages\r\n", [USER, PASS, QUIT], LET_IN),
    "lets in without password": (Pop(login=b"bob"), OK * 3, [USER, b"PASS \r\n", QUIT], LET_IN),
    "any bytes": (Pop(login=b"\xc3\xbc", passwd=b'"\\'), OK * 3, [b"USER \xc3\xbc\r\n", b'PASS "\\\r\n', QUIT], LET_IN),
    "refuses to greet": (
        BOB,
        b"-ERR closed\r\n",
        [],
        down(Reason.STATUS, "greeted with '-ERR closed', expected +OK"),
    ),
    "knows no such user": (
        BOB,
        OK + b"-ERR who is Bob?\r\n",
        [USER],
        down(Reason.STATUS, "USER answered with '-ERR who is ***?', expected +OK"),
    ),
    "knows another password": (
        BOB,
        OK + OK + b"-ERR [AUTH] 'gehe im' is wrong\r\n",
        [USER, PASS],
        down(Reason.STATUS, "PASS answered with '-ERR [AUTH] '***' is wrong', expected +OK"),
    ),
    "has the mailbox open for somebody else": (
        BOB,
        OK + OK + b"-ERR [in-use] do you have another session running?\r\n",
        [USER, PASS, QUIT],
        up("greeted, and knows us; the mailbox is in use"),
    ),
    "repeats what it hears": (
        BOB,
        OK + OK + PASS,
        [USER, PASS],
        down(Reason.PROTOCOL, "PASS answered with 'PASS ***', which is no POP3 response; expected +OK"),
    ),
    "is no POP server": (
        Pop(),
        b"220 mx ESMTP\r\n",
        [],
        down(Reason.PROTOCOL, "greeted with '220 mx ESMTP', which is no POP3 response; expected +OK"),
    ),
    "small letters": (
        Pop(),
        b"+ok\r\n",
        [],
        down(Reason.PROTOCOL, "greeted with '+ok', which is no POP3 response; expected +OK"),
    ),
}


@pytest.mark.parametrize(("check", "said", "heard", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_dialogue(check: Pop, said: bytes, heard: list[bytes], expected: Outcome) -> None:
    peer = ScriptedPeer(*said.splitlines(keepends=True), Reset)
    assert await check.probe(peer) == expected
    assert peer.heard == heard


@pytest.mark.parametrize("said", [b"", b"+OK", OK, OK + OK, OK + OK + b"+OK"])
async def test_an_early_end_is_the_peers_to_tell(said: bytes) -> None:
    with pytest.raises(PeerClosed):
        await BOB.probe(ScriptedPeer(said))


@given(
    st.lists(
        st.one_of(
            st.binary(min_size=1, max_size=200),
            st.sampled_from([OK, b"+OK ", b"-ERR ", b"gehe im", b"GEHE IM", b"\r\n", b"x" * 5000]),
        )
    ),
    st.lists(st.integers(min_value=0), max_size=8),
    st.sampled_from([Pop(), BOB]),
)
async def test_no_bytes_crash_or_hang_it_or_show_the_password(said: list[bytes], cuts: list[int], check: Pop) -> None:
    try:
        outcome = await check.probe(ScriptedPeer(*pieces(b"".join(said), cuts)))
    except PeerClosed:
        return
    assert outcome.verdict in {Verdict.UP, Verdict.DOWN}
    assert outcome.detail.isprintable()
    assert len(outcome.detail) <= LONGEST_DETAIL
    assert check is not BOB or "gehe im" not in outcome.detail.lower()


def test_secrets_do_not_show() -> None:
    probe = planned(CheckOptions(service="pops", login="bob", passwd="geheim"), SUBJECT)
    assert "bob" not in repr(probe)
    assert "geheim" not in repr(probe)


ASKED = {
    "nothing to log in with": (CheckOptions(negotiatetimeout=7), Pop()),
    "a password alone": (CheckOptions(negotiatetimeout=7, passwd="y"), Pop()),
    "a login": (CheckOptions(negotiatetimeout=7, login="x", passwd="y z"), Pop(login=b"x", passwd=b"y z")),
    "raw bytes": (CheckOptions(negotiatetimeout=7, login="\udcfc", passwd="ü"), Pop(login=b"\xfc", passwd=b"\xc3\xbc")),
}


@pytest.mark.parametrize(("options", "expected"), ASKED.values(), ids=ASKED.keys())
def test_the_check_is_made_of_login_and_passwd(options: CheckOptions, expected: Pop) -> None:
    made = planned(replace(options, service="pop"), SUBJECT)
    assert made == Probe(check=expected, target=CheckTarget(endpoint=SERVER), timeout=7, asked=made.asked)
    secured = CheckTarget(endpoint=SERVER, transport=Transport.TLS, tls=TlsOptions())
    made = planned(replace(options, service="pops"), SUBJECT)
    assert made == Probe(check=expected, target=secured, timeout=7, asked=made.asked)


def test_the_virtualhost_is_sent_as_sni() -> None:
    target = planned(CheckOptions(service="pops", virtualhost="mail.example.org"), SUBJECT).target
    assert target is not None
    assert target.tls == TlsOptions(server_name="mail.example.org")


@pytest.mark.parametrize("service", ["pop", "pops"])
@pytest.mark.parametrize("text", ["gehe\nim", "gehe\rim", "gehe\0im"])
def test_what_would_end_the_command_is_refused_and_not_shown(service, text) -> None:
    for words, directive in (({"login": text}, "login"), ({"login": "x", "passwd": text}, "passwd")):
        with pytest.raises(InvalidOption, match="line break or a NUL") as refused:
            planned(CheckOptions(service=service, **words), SUBJECT)
        assert refused.value.directive == directive
        assert "gehe" not in str(refused.value)
