from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.redis.conversation import Redis
from ldirectord_py.checks.redis.replies import DEEPEST, MOST_BYTES, MOST_VALUES
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import PeerClosed, PeerTooLong, Transport
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down, up
from ldirectord_py.model.checks.probe import CheckTarget, Probe, TlsOptions
from ldirectord_py.model.service import AddressKey, Protocol
from tests.peers.options import planned
from tests.peers.scripted import Reset, ScriptedPeer, pieces

REAL = Endpoint(ip_address("10.0.0.5"), 6379)
TCP = AddressKey(Protocol.TCP, Endpoint(ip_address("10.0.0.1"), 6379))
PING = b"*1\r\n$4\r\nPING\r\n"
PASSWORD = b"rabbit-hole"
ROLE = b"*3\r\n$6\r\nmaster\r\n:3129659\r\n*1\r\n*3\r\n$9\r\n127.0.0.1\r\n$4\r\n9001\r\n$-1\r\n"


def redis(request: str = "PING", receive: str = "", *credentials: bytes) -> Redis:
    words = tuple(request.encode().split())
    return Redis(request=words, receive=Receive.of(receive), credentials=credentials)


def no(detail: str, reason: Reason = Reason.STATUS) -> Outcome:
    return down(reason, detail)


def malformed(shown: str) -> Outcome:
    return no(f"expected a reply of Redis, but got {shown}", Reason.PROTOCOL)


CASES: dict[str, tuple[str, str, bytes, Outcome]] = {
    "pong": ("PING", "", b"+PONG\r\n", up("PING answered with PONG")),
    "in small letters": ("ping", "", b"+PONG\r\n", up("PING answered with PONG")),
    "no pong": ("PING", "", b"+OK\r\n", no("expected PONG, got 'OK'", Reason.MISMATCH)),
    "a pong that matches": ("PING", "^PONG$", b"+PONG\r\n", up("answered 'PONG'")),
    "a pong that does not": (
        "PING", "^OK$", b"+PONG\r\n", no("the reply does not match '^OK$': got 'PONG'", Reason.MISMATCH),
    ),
    "any reply": ("PING hello", "", b"$5\r\nhello\r\n", up("answered 'hello'")),
    "a number": ("DBSIZE", "^[1-9]", b":17\r\n", up("answered '17'")),
    "an empty bulk": ("GET x", "", b"$0\r\n\r\n", up("answered ''")),
    "nil": ("GET x", "", b"$-1\r\n", up("answered ''")),
    "nil does not match": (
        "GET x", "1", b"$-1\r\n", no("the reply does not match '1': it is empty", Reason.MISMATCH),
    ),
    "no array": ("BLPOP x", "", b"*-1\r\n", up("answered ''")),
    "an array": ("ROLE", "^master", ROLE, up(r"answered 'master\n3129659\n127.0.0.1\n9001\n'")),
    "another role": (
        "ROLE",
        "^master",
        b"*2\r\n$5\r\nslave\r\n$4\r\nhost\r\n",
        no(r"the reply does not match '^master': got 'slave\nhost'", Reason.MISMATCH),
    ),
    "a text of lines": (
        "INFO replication", "role:master", b"$28\r\n# Replication\r\nrole:master\r\n\r\n", up(
            r"answered '# Replication\r\nrole:master\r\n'"
        ),
    ),
    "what comes after does not count": ("PING", "", b"+PONG\r\n-ERR\r\n", up("PING answered with PONG")),
    "no password": (
        "PING",
        "",
        b"-NOAUTH Authentication required.\r\n",
        no("NOAUTH: the server wants a password: set passwd, and login where it has users"),
    ),
    "wrong password": (
        "PING",
        "",
        b"-WRONGPASS invalid username-password pair\r\n",
        no("WRONGPASS: the server does not accept passwd, or login and passwd"),
    ),
    "no permission": ("PING", "", b"-NOPERM x\r\n", no("NOPERM: the user may not run this command")),
    "loading": (
        "PING",
        "PONG",
        b"-LOADING Redis is loading the dataset in memory\r\n",
        no("LOADING: the server is still loading its data into memory"),
    ),
    "no master": (
        "GET x",
        "",
        b"-MASTERDOWN Link with MASTER is down\r\n",
        no("MASTERDOWN: this replica has lost its master, and is not to serve what may be out of date"),
    ),
    "another error": ("NO", "", b"-ERR unknown command\r\n", no("the server said 'ERR unknown command'")),
    "an error that matches": ("NO", "ERR", b"-ERR x\r\n", no("the server said 'ERR x'")),
    "an error within": ("EXEC", "", b"*2\r\n+OK\r\n-ERR x\r\n", no("the server said 'ERR x'")),
    "an empty error": ("PING", "", b"-\r\n", no("the server said ''")),
    "no reply of Redis": ("PING", "", b"220 smtp.example.org\r\n", malformed("'220 smtp.example.org'")),
    "an empty line": ("PING", "", b"\r\n", malformed("''")),
    "RESP3": ("HELLO 3", "", b"%1\r\n+a\r\n+b\r\n", malformed("'%1'")),
    "no length": ("PING", "", b"$x\r\n", malformed("'$x'")),
    "a length below -1": ("PING", "", b"$-2\r\n", malformed("'$-2'")),
    "a length of other digits": ("PING", "", "$٣\r\n".encode(), malformed("'$٣'")),
    "a bulk longer than it says": ("GET x", "", b"$2\r\nabc\r\n", malformed(r"'c\r'")),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "receive", "said", "expected"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("size", [1 << 20, 1])
async def test_the_verdict_follows_the_reply(request_, receive, said, expected, size) -> None:
    peer = ScriptedPeer(*pieces(said, range(0, len(said), size)))
    assert await redis(request_, receive).probe(peer) == expected


async def test_words_are_sent_as_an_array() -> None:
    peer = ScriptedPeer(b"+PONG\r\n")
    await redis().probe(peer)
    assert peer.heard == [PING]
    peer = ScriptedPeer(b"+OK\r\n")
    await redis("SET köy 1").probe(peer)
    assert peer.heard == ["*3\r\n$3\r\nSET\r\n$4\r\nköy\r\n$1\r\n1\r\n".encode()]


@pytest.mark.parametrize(
    ("credentials", "auth"),
    [
        ((PASSWORD,), b"*2\r\n$4\r\nAUTH\r\n$11\r\nrabbit-hole\r\n"),
        ((b"alice", PASSWORD), b"*3\r\n$4\r\nAUTH\r\n$5\r\nalice\r\n$11\r\nrabbit-hole\r\n"),
    ],
)
async def test_who_has_a_password_logs_in_first_and_does_not_wait(credentials, auth) -> None:
    peer = ScriptedPeer(b"+OK\r\n+PONG\r\n", Reset)
    assert await redis("PING", "", *credentials).probe(peer) == up("PING answered with PONG")
    assert (peer.heard, peer.reads) == ([auth + PING], 1)


async def test_a_login_that_is_refused_is_down_whatever_comes_after() -> None:
    peer = ScriptedPeer(b"-WRONGPASS x\r\n", b"+PONG\r\n")
    assert (await redis("PING", "", PASSWORD).probe(peer)).detail.startswith("WRONGPASS: ")
    assert peer.reads == 1
    outcome = await redis("PING", "", PASSWORD).probe(ScriptedPeer(b"-ERR AUTH called without any password\r\n"))
    assert outcome == no("the server said 'ERR AUTH called without any password'")


@pytest.mark.parametrize(
    "said",
    [
        b"-ERR unknown command 'AUTH', with args beginning with: 'alice' 'Rabbit-hole'\r\n",
        b"+OK\r\n$11\r\nrabbit-hole\r\n",
        b"rabbit-hole\r\n",
        b"+OK\r\n+" + b"x" * 54 + b"rabbit-hole\r\n",
    ],
)
@pytest.mark.parametrize("receive", ["", "alive"])
async def test_a_server_that_repeats_a_password_is_quoted_without(said: bytes, receive: str) -> None:
    outcome = await redis("ECHO", receive, b"alice", PASSWORD).probe(ScriptedPeer(said))
    assert "rabbit" not in outcome.detail.lower()
    assert "***" in outcome.detail


@pytest.mark.parametrize("said", [b"", b"+PONG", b"+PONG\r", b"$5\r\nPONG", b"$4\r\nPONG\r", b"*2\r\n+a\r\n"])
async def test_a_reply_that_ends_early_is_closed(said: bytes) -> None:
    with pytest.raises(PeerClosed, match="before its reply was complete"):
        await redis("GET x").probe(ScriptedPeer(said))


ENDLESS = {
    "a line": b"+" + b"x" * (2 * MOST_BYTES),
    "a bulk": b"$9999999999\r\n" + b"x" * (2 * MOST_BYTES),
    "many bulks": b"*9\r\n" + (b"$%d\r\n%b\r\n" % (MOST_BYTES // 2, b"x" * (MOST_BYTES // 2))) * 9,
    "an array": b"*9999999999\r\n" + b":1\r\n" * (2 * MOST_VALUES),
    "an array of nothing": b"*9999999999\r\n" + b"*0\r\n" * (2 * MOST_VALUES),
    "arrays within arrays": b"*1\r\n" * (2 * DEEPEST) + b":1\r\n",
}


@pytest.mark.parametrize("said", ENDLESS.values(), ids=ENDLESS.keys())
async def test_what_is_too_long_is_not_read_to_its_end(said: bytes) -> None:
    peer = ScriptedPeer(*pieces(said, range(0, len(said), 4096)), *[b"x" * 4096] * 1000)
    with pytest.raises(PeerTooLong):
        await redis("ECHO").probe(peer)
    assert peer.reads <= 2 * MOST_BYTES // 4096


async def test_a_long_reply_may_be_as_long_as_that() -> None:
    size = MOST_BYTES - 16
    said = b"$%d\r\n%b\r\n" % (size, b"x" * size)
    assert (await redis("INFO").probe(ScriptedPeer(*pieces(said, range(0, size, 1000))))).verdict is Verdict.UP


async def test_errors_of_the_network_are_the_probers() -> None:
    with pytest.raises(Reset):
        await redis().probe(ScriptedPeer(b"+PO", Reset))


FRAGMENTS = [b"+", b"-", b":", b"$", b"*", b"-1", b"2", b"\r\n", b"PONG", b"*2\r\n", b"$4\r\n", b"9999999999"]


@given(
    st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=6), max_size=20).map(b"".join),
    st.lists(st.integers(0, 200), max_size=6),
    st.sampled_from(["", "PONG", "(a|b)*c"]),
    st.sampled_from([(), (PASSWORD,)]),
)
async def test_no_bytes_crash_it_and_cuts_do_not_count(said, cuts, receive, credentials) -> None:
    found = []
    for way in ([said], pieces(said, cuts), pieces(said, range(len(said)))):
        try:
            outcome = await redis("PING", receive, *credentials).probe(ScriptedPeer(*way))
            assert len(outcome.detail) <= LONGEST_DETAIL
            found.append((outcome.verdict, outcome.reason))
        except (PeerClosed, PeerTooLong) as error:
            found.append(type(error))
    assert len(set(found)) == 1


def probe(service: str = "redis", own: tuple[str, str] | None = None, **words: object) -> Probe:
    request, receive = own or (None, None)
    subject = CheckedServer(virtual=TCP, endpoint=REAL, request=request, receive=receive)
    return planned(CheckOptions(service=service, **words), subject)


def test_it_is_built_as_configured() -> None:
    assert probe() == Probe(check=Redis(), target=CheckTarget(endpoint=REAL), timeout=30, asked=f"redis PING at {REAL}")
    made = probe(request="/INFO  replication ", receive="role:master", passwd="rabbit-hole", negotiatetimeout=3.0)
    assert made.check == redis("INFO replication", "role:master", PASSWORD)
    assert made.timeout == 3
    assert "rabbit" not in repr(made)
    assert probe(login="alice", passwd="rabbit-hole").check == redis("PING", "", b"alice", PASSWORD)
    assert "alice" not in repr(probe(login="alice", passwd="rabbit-hole"))
    assert probe(own=("/ROLE", "^master"), request="/a", receive="b").check == redis("ROLE", "^master")


def test_rediss_is_redis_over_tls() -> None:
    made = probe("rediss", virtualhost="cache.example.org")
    tls = TlsOptions(server_name="cache.example.org")
    target = CheckTarget(endpoint=REAL, transport=Transport.TLS, tls=tls)
    assert made == Probe(check=Redis(), target=target, timeout=30, asked=made.asked)


@pytest.mark.parametrize(("words", "directive"), [({"login": "alice"}, "login"), ({"receive": "("}, "receive")])
def test_what_cannot_be_asked_is_refused(words, directive) -> None:
    with pytest.raises(InvalidOption) as refused:
        probe(**words)
    assert refused.value.directive == directive
