"""Whatever a server answers, it is the server's: no bytes of a peer lead to a fault of ours, which would keep it in.

Nor do any hold the loop.  Some 2,000 answers in all; with FAULTS=full in the environment (`make faults`) 330,000.
"""

import asyncio
import os
import random
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from hashlib import md5

import pytest
import trustme

from ldirectord_py.checks.registry import SERVICES
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome, Verdict
from ldirectord_py.model.service import VirtualKey
from ldirectord_py.probing.prober import Prober
from tests.faults.hostile import Piece, Slot, hostile, mutated, too_busy, unchanged
from tests.peers.options import PATIENCE, UDP_VIP, VIP, Check, checking
from tests.peers.turns import MOST, datagrams_elsewhere, elsewhere, held_for, long_turns

ALL = 330_000 if os.environ.get("FAULTS") == "full" else 2_000
SLOTS = 16
"""Servers that are asked at a time."""
TLS_SLOTS = 3
"""Those of them that speak TLS: a handshake takes a millisecond, and several in a turn are no suspicion."""
WORKERS = 2
"""Those of them that are asked by processes, which take their time to start."""
LOGIN = {"login": "alice", "passwd": "rabbit-hole"}
SQL = {**LOGIN, "database": "hole", "request": "select 1"}
TLS_VERSION = ssl.TLSVersion.TLSv1_2


@dataclass(frozen=True)
class Case:
    """What an honest server says, and how it is asked."""

    service: str
    pieces: tuple[Piece, ...]
    words: dict[str, object] = field(default_factory=dict)
    first: bool = False
    virtual: VirtualKey = VIP
    secure: bool = False

    @property
    def asked(self) -> dict[str, object]:
        """The words of a configuration."""
        timeout = 0.2 if self.virtual is UDP_VIP else 1.0
        return {"negotiatetimeout": timeout, "service": self.service, **self.words}


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes((tag, len(content))) + content


def ldap(number: int, operation: bytes) -> bytes:
    return tlv(0x30, tlv(2, bytes((number,))), operation)


def ldap_done(number: int, tag: int) -> bytes:
    return ldap(number, tlv(tag, tlv(10, b"\0"), tlv(4), tlv(4)))


def frame(kind: int, body: bytes, *, flags: int = 0, number: int = 0) -> bytes:
    return len(body).to_bytes(3, "big") + bytes((kind, flags)) + number.to_bytes(4, "big") + body


def dns(query: bytes) -> bytes:
    record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01"
    return query[:2] + b"\x81\x80\0\x01\0\x01" + bytes(4) + query[12:] + record


def radius(request: bytes) -> bytes:
    head = bytes((2, request[1])) + (22).to_bytes(2, "big")
    return head + md5(head + request[4:20] + b"\x12\x02s3cret").digest() + b"\x12\x02"


def packet(number: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes((number,)) + body


def message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def flight(context: ssl.SSLContext) -> bytes:
    """Return what a server says first in TLS 1.2, to somebody else."""
    asks = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asks.check_hostname, asks.verify_mode, asks.maximum_version = False, ssl.CERT_NONE, TLS_VERSION
    asked, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    for each in (asks.wrap_bio(said, asked), context.wrap_bio(asked, said, server_side=True)):
        with pytest.raises(ssl.SSLWantReadError):
            each.do_handshake()
    return said.read()


CERTIFIED = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
trustme.CA().issue_cert("www.example.org").configure_cert(CERTIFIED)

PAGE = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nalive"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nalive\r\n0\r\nX: y\r\n\r\n"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /there?x=1#y\r\nContent-Length: 0\r\n\r\n"
SIP = b"SIP/2.0 200 OK\r\nVia: x\r\nContent-Length: 3\r\n\r\nabc"
SIP_401 = b'SIP/2.0 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\nContent-Length: 0\r\n\r\n'
ENTRY = ldap(2, tlv(0x64, tlv(4, b"dc=x"), tlv(0x30, tlv(0x30, tlv(4, b"cn"), tlv(0x31, tlv(4, b"alive"))))))
HEALTHY = frame(4, b"") + frame(4, b"", flags=1) + frame(1, b"\x88\x5f\x10application/grpc", flags=4, number=1)
HEALTHY += frame(0, b"\0\0\0\0\x02\x08\x01", number=1) + frame(1, b"\0\x0bgrpc-status\x010", flags=5, number=1)
SMTP = (b"220-x\r\n220 x ESMTP\r\n", b"250-x\r\n250 HELP\r\n", b"221 bye\r\n")
POP = (b"+OK x <1.2@x>\r\n", b"+OK\r\n", b"+OK 0 messages\r\n", b"+OK bye\r\n")
IMAP = (b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x\r\n", b"A1 OK in\r\n", b"* BYE x\r\nA2 OK\r\n")
NNTP = (b"200 x\r\n", b"381 more\r\n", b"281 in\r\n", b"211 1 1 1 group\r\n", b"205 bye\r\n")
FTP_IN = (b"220 x\r\n", b"331 more\r\n", b"230 in\r\n", b"200 ok\r\n")
PASV = (*FTP_IN, b"500 what?\r\n", b"227 Entering (127,0,0,1,0,9)\r\n", b"150 go\r\n", b"226 ok\r\n")
EPSV = (*FTP_IN, b"229 Extended (|||9|)\r\n", b"150 go\r\n", b"226 ok\r\n")
GREETING = b"\x0a8.0.36\0\x01\0\0\0saltsalt\0\xff\xf7\x2d\x02\0\xff\xdf\x15" + bytes(10)
MYSQL = (
    packet(0, GREETING + b"saltsaltsalt\0mysql_native_password\0"),
    packet(2, b"\0\0\0\x02\0\0\0"),
    packet(1, b"\x01") + packet(2, b"\x03def\0\0\0\x01c\x01c\x0c\x21\0\xff\0\0\0\xfd\0\0\0\0\0")
    + packet(3, b"\xfe\0\0\x02\0") + packet(4, b"\x05alive") + packet(5, b"\xfe\0\0\x02\0"),
)  # fmt: skip
PGSQL = (
    b"N",
    message(b"R", bytes(4)) + message(b"S", b"server_version\x0015.1\0")
    + message(b"K", bytes(8)) + message(b"Z", b"I"),
    message(b"T", b"\0\x01c\0" + bytes(6) + b"\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0")
    + message(b"D", b"\0\x01\0\0\0\x05alive") + message(b"C", b"SELECT 1\0") + message(b"Z", b"I"),
)  # fmt: skip
ORACLE = b"\0\x28\0\0\x04\0\0\0\0\0\0\x1c(DESCRIPTION=(ERR=12505)(X))"
HTTP = {"request": "/", "receive": "alive"}
LDAP = (ldap_done(1, 0x61), ENTRY + ldap_done(2, 0x65))

DATABASES = {"mysql", "pgsql", "oracle"}
CASES: dict[str, Case] = {
    "http": Case("http", (PAGE,), HTTP),
    "http: chunks": Case("http", (CHUNKS,), HTTP),
    "http: redirects": Case("http", (MOVED,), HTTP),
    "http_proxy": Case("http_proxy", (PAGE,), HTTP | {"request": "http://example.org/"}),
    "https": Case("https", (PAGE,), HTTP, secure=True),
    "https: instead of TLS": Case("https", (flight(CERTIFIED), flight(CERTIFIED)), HTTP),
    "smtp": Case("smtp", SMTP, first=True),
    "submission": Case("submission", SMTP, first=True),
    "pop": Case("pop", POP, LOGIN, first=True),
    "pops": Case("pops", POP, LOGIN, first=True, secure=True),
    "imap": Case("imap", IMAP, LOGIN, first=True),
    "imaps": Case("imaps", IMAP, LOGIN, first=True, secure=True),
    "nntp": Case("nntp", NNTP, {**LOGIN, "request": "group"}, first=True),
    "ftp": Case("ftp", PASV, {**LOGIN, "request": "/file", "receive": "end"}, first=True),
    "ftp: epsv": Case("ftp", EPSV, {**LOGIN, "request": "/file", "receive": "end"}, first=True),
    "simpletcp": Case("simpletcp", (b"I am alive\n",), {"request": "?", "receive": "alive"}),
    "sip": Case("sip", (SIP,), {"login": "alice@example.org"}),
    "sip: digest": Case("sip", (SIP_401, SIP), {**LOGIN, "login": "alice@example.org"}),
    "sip: udp": Case("sip", (SIP,), {"login": "alice@example.org"}, virtual=UDP_VIP),
    "redis": Case("redis", (b"+OK\r\n*2\r\n$5\r\nalive\r\n:1\r\n",), {"passwd": "x", "request": "GET a"}),
    "rediss": Case("rediss", (b"$5\r\nalive\r\n",), {"request": "GET a", "receive": "alive"}, secure=True),
    "ldap": Case("ldap", LDAP, {"request": "/dc=x", "receive": "alive"}),
    "ldaps": Case("ldaps", LDAP, {"request": "/dc=x", "receive": "alive"}, secure=True),
    "grpc": Case("grpc", (HEALTHY,)),
    "grpcs": Case("grpcs", (HEALTHY,), secure=True),
    "dns": Case("dns", (dns,), {"request": "www.example.org", "receive": "127"}, virtual=UDP_VIP),
    "dns: a name": Case("dns", (dns,), {"request": "192.0.2.7", "receive": "x"}, virtual=UDP_VIP),
    "radius": Case("radius", (radius,), {**LOGIN, "secret": "s3cret"}, virtual=UDP_VIP),
    "udp": Case("udp", (b"I am alive",), {"request": "?", "receive": "alive"}, virtual=UDP_VIP),
    "mysql": Case("mysql", MYSQL, SQL, first=True),
    "pgsql": Case("pgsql", PGSQL, SQL),
    "pgsql: receive": Case("pgsql", PGSQL, {**SQL, "receive": "alive"}),
    "oracle": Case("oracle", (ORACLE,), SQL),
}


def test_every_service_that_asks_is_among_them() -> None:
    assert {case.service for case in CASES.values()} == SERVICES.keys() - {"none"}


class Fuzz:
    """Asks for *case* with *check*, again and again; notes faults, and answers that may have held the loop."""

    def __init__(self, case: Case, check: Check) -> None:
        self.faults: list[tuple[int, Outcome]] = []
        """By the seeds of the answers that led there."""
        self.suspects: set[int] = set()
        """Seeds that were under way in a long turn."""
        self._case, self._check = case, check
        self._current: dict[Endpoint, int] = {}

    def suspect(self) -> None:
        self.suspects.update(self._current.values())

    async def ask(self, slot: Slot, endpoint: Endpoint, seeds: range) -> None:
        for seed in seeds:
            self._current[endpoint] = seed
            slot.changed = answers(self._case, seed)
            slot.said.clear()
            outcome = await self._check(endpoint, self._case.virtual, **self._case.asked)
            while too_busy(outcome):
                outcome = await self._check(endpoint, self._case.virtual, **self._case.asked)
            assert outcome.detail or outcome.verdict is Verdict.UP
            if outcome.verdict is Verdict.FAULT:
                self.faults.append((seed, outcome))


def answers(case: Case, seed: int) -> tuple[Callable[[bytes], bytes], ...]:
    """Return the answers of *seed*, the same each time."""
    return mutated(case.pieces, random.Random(seed))


async def held(case: Case, seed: int) -> float:
    """Return for how many seconds the answers of *seed* hold the loop, by a server that is elsewhere."""
    slot = Slot(first=case.first, changed=answers(case, seed))
    if case.virtual is UDP_VIP:
        server = datagrams_elsewhere(lambda data: [slot.say(index, data) for index in range(len(slot.changed))])
    else:
        server = elsewhere(slot.answer, CERTIFIED if case.secure else None)
    with server as place:
        async with checking() as check:
            seconds, _, _ = await held_for(lambda: check(place, case.virtual, **case.asked))
    return seconds


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_no_answer_is_a_fault_of_ours_or_holds_the_loop(case: Case) -> None:
    count = ALL // len(CASES)
    context, udp = CERTIFIED if case.secure else None, case.virtual is UDP_VIP
    slots = WORKERS if case.service in DATABASES else TLS_SLOTS if case.secure else SLOTS
    async with AsyncExitStack() as stack:
        fuzz = Fuzz(case, await stack.enter_async_context(checking()))
        stack.enter_context(long_turns(Prober, MOST, fuzz.suspect))
        async with asyncio.TaskGroup() as tasks:
            for number in range(slots):
                slot = Slot(first=case.first)
                place = await stack.enter_async_context(hostile(slot, context, datagrams=udp))
                tasks.create_task(fuzz.ask(slot, place, range(number, count, slots)))
    assert fuzz.faults == []
    # In a turn there may be several, and all that the machine does besides: each is looked at alone.
    found = {seed: await held(case, seed) for seed in sorted(fuzz.suspects)}
    assert {seed: seconds for seed, seconds in found.items() if seconds > MOST} == {}


HONEST = {
    "http: redirects": "302 Found, expected 2xx",
    "https: instead of TLS": "TLS failed",
    "ftp": "data connection to port 9: connection refused",
    "ftp: epsv": "data connection to port 9: connection refused",
    "dns: a name": "does not match 'x'",
    "pgsql: receive": "the server ended the connection before its answer was complete",
    "oracle": "is not registered with the listener",
}
"""What is said of answers that are in order and yet down; to the others the check says up."""


@pytest.mark.parametrize("name", CASES)
async def test_what_is_changed_is_an_answer_that_gets_somewhere(name: str) -> None:
    case = CASES[name]
    slot = Slot(first=case.first, pause=PATIENCE, changed=tuple(map(unchanged, case.pieces)))
    context = CERTIFIED if case.secure else None
    async with hostile(slot, context, datagrams=case.virtual is UDP_VIP) as place, checking() as check:
        outcome = await check(place, case.virtual, service=case.service, **case.words)
    assert outcome.verdict is (Verdict.DOWN if name in HONEST else Verdict.UP), outcome
    assert HONEST.get(name, "") in outcome.detail
