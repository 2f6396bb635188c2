import re
from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.imap import Imap
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import PeerClosed, Transport
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe, TlsOptions
from ldirectord_py.model.service import MarkKey
from tests.peers.options import planned
from tests.peers.scripted import Reset, ScriptedPeer, pieces

SERVER = Endpoint(ip_address("10.0.0.5"), 1143)
SUBJECT = CheckedServer(virtual=MarkKey(1), endpoint=SERVER)
BOB = Imap(login=b"bob", passwd=b"geheim")
LOGIN, LOGOUT = b'a1 LOGIN "bob" "geheim"\r\n', b"a2 LOGOUT\r\n"
HELLO = b"* OK IMAP4rev1 ready\r\n"
OK = b"a1 OK done\r\n"
GREETED, LET_IN = up("greeted"), up("greeted, and let us in")
NO_GREETING = "which is no IMAP greeting; expected * OK"
NO_RESPONSE = "which is no IMAP response to it; expected OK"

CASES = {
    "greets": (Imap(), HELLO, [LOGOUT], GREETED),
    "greets in small letters": (Imap(), b"* ok\r\n", [LOGOUT], GREETED),
    "knows us already": (Imap(), b"* PREAUTH hello root\r\n", [LOGOUT], GREETED),
    "knows us already, with a login": (
        BOB,
        b"* PREAUTH hello root\r\n",
        [LOGOUT],
        up("greeted us as known already (PREAUTH), so there is no login"),
    ),
    "disables what is not wanted": (Imap(), b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] x\r\n", [LOGOUT], GREETED),
    "lets in": (BOB, HELLO + OK, [LOGIN, LOGOUT], LET_IN),
    "lets in in small letters": (BOB, HELLO + b"a1 ok\r\n", [LOGIN, LOGOUT], LET_IN),
    "lets in, and tells of itself": (
        BOB,
        HELLO + b"* CAPABILITY IMAP4rev1 IDLE\r\n* OK [ALERT] disk is full\r\n* BYEBYE\r\n" + OK,
        [LOGIN, LOGOUT],
        LET_IN,
    ),
    "an empty password": (Imap(login=b"bob"), HELLO + OK, [b'a1 LOGIN "bob" ""\r\n', LOGOUT], LET_IN),
    "quotes": (
        Imap(login=b'b"o\\b', passwd=b" {3}\t*%"),
        HELLO + OK,
        [b'a1 LOGIN "b\\"o\\\\b" " {3}\t*%"\r\n', LOGOUT],
        LET_IN,
    ),
    "a literal password": (
        Imap(login=b"bob", passwd=b"\xc3\xbc\r\n"),
        HELLO + b"+ OK\r\n" + OK,
        [b'a1 LOGIN "bob" {4}\r\n', b"\xc3\xbc\r\n\r\n", LOGOUT],
        LET_IN,
    ),
    "a literal login": (
        Imap(login=b"\xfc", passwd=b"x"),
        HELLO + b"+\r\n" + OK,
        [b"a1 LOGIN {1}\r\n", b'\xfc "x"\r\n', LOGOUT],
        LET_IN,
    ),
    "two literals": (
        Imap(login=b"\xfc", passwd=b"\nx"),
        HELLO + b"+ go\r\n* OK still here\r\n+ go\r\n" + OK,
        [b"a1 LOGIN {1}\r\n", b"\xfc {2}\r\n", b"\nx\r\n", LOGOUT],
        LET_IN,
    ),
    "refuses a literal": (
        Imap(login=b"\xfc", passwd=b"x"),
        HELLO + b"a1 BAD no literals here\r\n",
        [b"a1 LOGIN {1}\r\n"],
        down(Reason.STATUS, "LOGIN answered with 'a1 BAD no literals here', expected OK"),
    ),
    "accepts too early": (
        Imap(login=b"\xfc", passwd=b"x"),
        HELLO + OK,
        [b"a1 LOGIN {1}\r\n"],
        down(Reason.PROTOCOL, f"LOGIN answered with 'a1 OK done', {NO_RESPONSE}"),
    ),
    "does not let in": (
        BOB,
        HELLO + b"a1 NO [AUTHENTICATIONFAILED] no such user\r\n",
        [LOGIN],
        down(Reason.STATUS, "LOGIN answered with 'a1 NO [AUTHENTICATIONFAILED] no such user', expected OK"),
    ),
    "does not understand": (
        BOB,
        HELLO + b'a1 BAD "geheim" of Bob?\r\n',
        [LOGIN],
        down(Reason.STATUS, "LOGIN answered with 'a1 BAD \"***\" of ***?', expected OK"),
    ),
    "repeats what it hears": (
        Imap(login=b"bob", passwd=b'ge"heim'),
        HELLO + b'a1 LOGIN "bob" "ge\\"heim"\r\n',
        [b'a1 LOGIN "bob" "ge\\"heim"\r\n'],
        down(Reason.PROTOCOL, f'LOGIN answered with \'a1 LOGIN "***" "***"\', {NO_RESPONSE}'),
    ),
    "answers somebody else": (
        BOB,
        HELLO + b"a11 OK\r\n",
        [LOGIN],
        down(Reason.PROTOCOL, f"LOGIN answered with 'a11 OK', {NO_RESPONSE}"),
    ),
    "wants more": (
        BOB,
        HELLO + b"+ and?\r\n",
        [LOGIN],
        down(Reason.PROTOCOL, f"LOGIN answered with '+ and?', {NO_RESPONSE}"),
    ),
    "goes": (
        BOB,
        HELLO + b"* BYE too many of you\r\n",
        [LOGIN],
        down(Reason.STATUS, "LOGIN answered with '* BYE too many of you', expected OK"),
    ),
    "goes at once": (BOB, b"* BYE closed\r\n", [], down(Reason.STATUS, "greeted with '* BYE closed', expected * OK")),
    "wants TLS": (
        BOB,
        b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n",
        [],
        down(
            Reason.STATUS,
            "allows no LOGIN on this connection (LOGINDISABLED): use service=imaps, or check without login",
        ),
    ),
    "is no IMAP server": (
        Imap(),
        b"+OK POP3\r\n",
        [],
        down(Reason.PROTOCOL, f"greeted with '+OK POP3', {NO_GREETING}"),
    ),
    "greets oddly": (Imap(), b"* OKAY\r\n", [], down(Reason.PROTOCOL, f"greeted with '* OKAY', {NO_GREETING}")),
    "greets with nothing": (Imap(), b"\r\n", [], down(Reason.PROTOCOL, f"greeted with '', {NO_GREETING}")),
}


@pytest.mark.parametrize(("check", "said", "heard", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_dialogue(
    check: Imap, said: bytes, heard: list[bytes], expected: Outcome
) -> None:
    peer = ScriptedPeer(*said.splitlines(keepends=True), Reset)
    assert await check.probe(peer) == expected
    assert peer.heard == heard


@pytest.mark.parametrize("said", [b"", b"* OK", HELLO, HELLO + b"* CAPABILITY\r\n", HELLO + b"a1 OK"])
async def test_an_early_end_is_the_peers_to_tell(said: bytes) -> None:
    with pytest.raises(PeerClosed):
        await BOB.probe(ScriptedPeer(said))


class ImapServer(ScriptedPeer):
    """Reads LOGIN as RFC 3501 §4 says, and keeps what it was told."""

    def __init__(self) -> None:
        super().__init__(HELLO)
        self.told: list[bytes] = []
        self._rest = b"a1 LOGIN"

    async def send(self, data: bytes) -> None:
        await super().send(data)
        if data == LOGOUT:
            return
        data = data.removeprefix(b"a1 LOGIN")
        while data != b"\r\n":
            if self._rest.isdigit():
                self.told.append(data[: int(self._rest)])
                data, self._rest = data[int(self._rest) :], b""
            elif quoted := re.match(rb' "((?:[^"\\\r\n\0\x80-\xff]|\\["\\])*)"', data):
                self.told.append(re.sub(rb"\\(.)", rb"\1", quoted[1]))
                data = data[quoted.end() :]
            else:
                announced = re.fullmatch(rb" \{([0-9]+)\}\r\n", data)
                assert announced, data
                self._rest = announced[1]
                self._pieces.append(b"+ go on\r\n")
                return
        self._pieces.append(OK)


SENDABLE = st.binary(max_size=40).map(lambda text: text.replace(b"\0", b"_"))


@given(SENDABLE.filter(bool), SENDABLE)
async def test_any_login_and_password_arrive_as_they_are(login: bytes, passwd: bytes) -> None:
    server = ImapServer()
    assert await Imap(login=login, passwd=passwd).probe(server) == LET_IN
    assert server.told == [login, passwd]


@given(
    st.lists(
        st.one_of(
            st.binary(min_size=1, max_size=200),
            st.sampled_from([HELLO, OK, b"* ", b"a1 ", b"a1 NO ", b"+ ", b"geheim", b"GEHEIM", b"\r\n", b"x" * 5000]),
        )
    ),
    st.lists(st.integers(min_value=0), max_size=8),
    st.sampled_from([Imap(), BOB, Imap(login=b"\xfc", passwd=b"geheim\r\n")]),
)
async def test_no_bytes_crash_or_hang_it_or_show_the_password(said: list[bytes], cuts: list[int], check: Imap) -> None:
    try:
        outcome = await check.probe(ScriptedPeer(*pieces(b"".join(said), cuts)))
    except PeerClosed:
        return
    assert outcome.verdict in {Verdict.UP, Verdict.DOWN}
    assert outcome.detail.isprintable()
    assert len(outcome.detail) <= LONGEST_DETAIL
    assert not check.login or "geheim" not in outcome.detail.lower()


def test_secrets_do_not_show() -> None:
    probe = planned(CheckOptions(service="imaps", login="bob", passwd="geheim"), SUBJECT)
    assert "bob" not in repr(probe)
    assert "geheim" not in repr(probe)


ASKED = {
    "nothing to log in with": (CheckOptions(negotiatetimeout=7), Imap()),
    "a password alone": (CheckOptions(negotiatetimeout=7, passwd="y"), Imap()),
    "a login": (CheckOptions(negotiatetimeout=7, login="x", passwd="y z"), Imap(login=b"x", passwd=b"y z")),
    "raw bytes": (
        CheckOptions(negotiatetimeout=7, login="\udcfc", passwd="ü"),
        Imap(login=b"\xfc", passwd=b"\xc3\xbc"),
    ),
}


@pytest.mark.parametrize(("options", "expected"), ASKED.values(), ids=ASKED.keys())
def test_the_check_is_made_of_login_and_passwd(options: CheckOptions, expected: Imap) -> None:
    made = planned(replace(options, service="imap"), SUBJECT)
    assert made == Probe(check=expected, target=CheckTarget(endpoint=SERVER), timeout=7, asked=made.asked)
    secured = CheckTarget(endpoint=SERVER, transport=Transport.TLS, tls=TlsOptions())
    made = planned(replace(options, service="imaps"), SUBJECT)
    assert made == Probe(check=expected, target=secured, timeout=7, asked=made.asked)


def test_the_virtualhost_is_sent_as_sni() -> None:
    target = planned(CheckOptions(service="imaps", virtualhost="mail.example.org"), SUBJECT).target
    assert target is not None
    assert target.tls == TlsOptions(server_name="mail.example.org")


@pytest.mark.parametrize("service", ["imap", "imaps"])
def test_what_imap_cannot_say_is_refused_and_not_shown(service) -> None:
    for words, directive in (({"login": "gehe\0im"}, "login"), ({"login": "x", "passwd": "gehe\0im"}, "passwd")):
        with pytest.raises(InvalidOption, match="NUL character") as refused:
            planned(CheckOptions(service=service, **words), SUBJECT)
        assert refused.value.directive == directive
        assert "gehe" not in str(refused.value)
