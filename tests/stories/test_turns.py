"""No check holds the loop for more than 5 ms: every service, asked of servers that answer much or oddly."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from hashlib import md5

import pytest
import trustme

from ldirectord_py.checks.registry import SERVICES
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckType
from ldirectord_py.model.checks.outcome import Verdict
from ldirectord_py.model.service import VirtualKey
from tests.peers.listeners import serving
from tests.peers.options import UDP_VIP, VIP, checking
from tests.peers.patience import PATIENCE
from tests.peers.turns import MOST, datagrams_elsewhere, elsewhere, held_for

Server = Callable[[], AbstractContextManager[Endpoint]]
KIB = 1024


def stream(*said: bytes, first: bool = False, secure: bool = False) -> Server:
    """Return a server that says *said*, each piece once it has heard something; the *first* one unasked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):  # a check that knows enough is gone
            for index, piece in enumerate(said):
                if index or not first:
                    await reader.read(KIB)
                writer.write(piece)
                await writer.drain()
            writer.close()
            await writer.wait_closed()

    return lambda: elsewhere(answer, certified() if secure else None)


async def in_records_of_a_byte(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer an HTTP request, over TLS, in 10,000 records of a byte each."""
    with suppress(OSError):
        await reader.read(KIB)
        said = http(b"a" * 10_000 + b"alive")
        for start in range(0, len(said), 500):
            for byte in said[start : start + 500]:
                writer.write(bytes((byte,)))
            await writer.drain()
        writer.close()
        await writer.wait_closed()


def frame(kind: int, body: bytes, *, flags: int = 0, number: int = 0) -> bytes:
    """Return a frame of HTTP/2 (RFC 9113 §4.1)."""
    return len(body).to_bytes(3, "big") + bytes((kind, flags)) + number.to_bytes(4, "big") + body


def certified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("www.example.org").configure_cert(context)
    return context


def datagrams(answer: Callable[[bytes], bytes | list[bytes]]) -> Server:
    return lambda: datagrams_elsewhere(answer)


@dataclass(frozen=True)
class Case:
    server: Server
    words: dict[str, object]
    verdict: Verdict = Verdict.UP
    virtual: VirtualKey = VIP


def http(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join((b"HTTP/1.1 200 OK", *headers, b"Content-Length: %d" % len(body), b"", body))


def chunked(body: bytes, size: int) -> bytes:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
        b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b"")
    )


def length(data: bytes) -> bytes:
    return b"\x84" + len(data).to_bytes(4, "big") + data


def tlv(tag: int, *parts: bytes) -> bytes:
    return bytes((tag,)) + length(b"".join(parts))


def ldap(number: int, operation: bytes) -> bytes:
    return tlv(0x30, tlv(2, bytes((number,))), operation)


def ldap_result(number: int, tag: int) -> bytes:
    return ldap(number, tlv(tag, tlv(10, b"\0"), tlv(4), tlv(4)))


def ldap_entry(values: int, size: int) -> bytes:
    listed = tlv(0x30, tlv(4, b"member"), tlv(0x31, *(tlv(4, b"x" * size) for _ in range(values))))
    return ldap(2, tlv(0x64, tlv(4, b"dc=example"), tlv(0x30, listed)))


def dns(query: bytes, *, kind: int, records: int, content: Callable[[int], bytes]) -> bytes:
    """Return an answer of *records*, each named by a pointer to the question."""
    head = query[:2] + b"\x81\x80\0\x01" + records.to_bytes(2, "big") + bytes(4)
    body = query[12:]
    for _ in range(records):
        data = content(len(head) + len(body) + 12)
        body += b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\x01\0\0\0\x3c" + len(data).to_bytes(2, "big") + data
    return head + body


def chained(place: int) -> bytes:
    """Return a name whose labels all lead to the question's by one pointer after the other."""
    return b"".join(b"\x01%c" % (97 + number % 26) for number in range(110)) + b"\xc0\x0c"


def radius(request: bytes) -> bytes:
    content = b"".join(bytes((18, 253)) + b"m" * 251 for _ in range(16))
    head = bytes((2, request[1])) + (20 + len(content)).to_bytes(2, "big")
    return head + md5(head + request[4:20] + content + b"s3cret").digest() + content


def mysql(number: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number]) + body


MYSQL_GREETING = mysql(
    0,
    b"\x0a8.0.36\0\x01\0\0\0saltsalt\0\xff\xf7\x2d\x02\0\xff\xdf\x15" + bytes(10) + b"saltsaltsalt\0"
    b"mysql_native_password\0",
)
MYSQL_OK = mysql(2, b"\0\0\0\x02\0\0\0")


def mysql_rows(columns: int, size: int) -> bytes:
    def text(word: bytes) -> bytes:
        return b"\xfd" + len(word).to_bytes(3, "little") + word

    column = text(b"def") + text(b"") * 3 + text(b"c") + text(b"c") + b"\x0c\x21\0\xff\0\0\0\xfd\0\0\0\0\0"
    end = b"\xfe\0\0\x02\0"
    row = text(b"r" * size) * columns
    parts = [b"\xfc" + columns.to_bytes(2, "little"), *[column] * columns, end, row, end]
    return b"".join(mysql((number + 1) % 256, part) for number, part in enumerate(parts))


def pgsql(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


PGSQL_IN = b"".join(
    (
        pgsql(b"R", bytes(4)),
        pgsql(b"S", b"server_version\x0015.1\0"),
        pgsql(b"S", b"client_encoding\0UTF8\0"),
        pgsql(b"K", bytes(8)),
        pgsql(b"Z", b"I"),
    )
)


PGSQL_NOTICE = pgsql(b"N", b"SNOTICE\0VNOTICE\0C00000\0Mread this\0\0")


def pgsql_rows(rows: int, size: int) -> bytes:
    described = pgsql(b"T", b"\0\x01c\0" + bytes(6) + (25).to_bytes(4, "big") + b"\xff\xff" + b"\xff" * 4 + b"\0\0")
    row = pgsql(b"D", b"\0\x01" + size.to_bytes(4, "big") + b"r" * size)
    return described + row * rows + pgsql(b"C", b"SELECT %d\0" % rows) + pgsql(b"Z", b"I")


async def hashes_for_long(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask for a password that is hashed 50 million times (RFC 5802 §5.1, the attribute i)."""
    with suppress(OSError):
        for answer in (b"N", pgsql(b"R", (10).to_bytes(4, "big") + b"SCRAM-SHA-256\0\0")):
            await reader.read(KIB)
            writer.write(answer)
        nonce = (await reader.read(KIB)).rpartition(b"r=")[2]
        asked = b"r=" + nonce + b"more,s=c2FsdHNhbHRzYWx0c2FsdA==,i=50000000"
        writer.write(pgsql(b"R", (11).to_bytes(4, "big") + asked))
        await reader.read(KIB)


FTP_CASE = {"request": "/big", "receive": "end$"}


async def ftp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a file of 256 KiB over a data connection."""

    sent = asyncio.Event()

    async def send_file(taker: asyncio.StreamReader, data: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            data.write(b"line of the file\r\n" * 14_000 + b"end")
            await data.drain()
            data.write_eof()
            await taker.read()
        sent.set()

    async with serving(send_file) as place:
        writer.write(b"220-hello\r\n" * 100 + b"220 ready\r\n")
        replies = {
            b"USER": b"230 in",
            b"TYPE": b"200 ok",
            b"EPSV": b"229 (|||%d|)" % place.port,
            b"RETR": b"150 go\r\n226 done",
        }
        while line := await reader.readline():
            writer.write(replies.get(line[:4], b"221 bye") + b"\r\n")
        await sent.wait()


PAGE = b"<html><body>\n" + b"<p class='line'>All is well here, and there.</p>\n" * 5300 + b"I'm alive!\n"
BANNER = b"220-" + b"x" * 500 + b"\r\n"
LOGIN = {"login": "monitor", "passwd": "hush"}
HTTP = {"service": "http", "request": "/"}
DOWN = Verdict.DOWN

CASES: dict[str, Case] = {
    "http: 256 KiB": Case(stream(http(PAGE[: 256 * KIB])), HTTP | {"receive": "alive"}),
    "http: 256 KiB and a pattern": Case(stream(http(PAGE[: 256 * KIB])), HTTP | {"receive": r"(?i)i'm\s+alive[!.]"}),
    "http: 256 KiB without what is asked for": Case(stream(http(PAGE)), HTTP | {"receive": r"\bdead\b.*\d+"}, DOWN),
    "http: thousands of headers": Case(stream(http(b"alive", *[b"X-Y: z"] * 7000)), HTTP | {"receive": "alive"}),
    "http: a header of 60 KiB": Case(stream(http(b"alive", b"X-Y: " + b"z" * 60_000)), HTTP | {"receive": "alive"}),
    "http: large chunks": Case(stream(chunked(PAGE, 8 * KIB)), HTTP | {"receive": "alive"}),
    "http: chunks of one byte": Case(stream(chunked(PAGE[:90_000] + b"alive", 1)), HTTP | {"receive": "alive"}),
    "http: a page that a careless pattern searches long": Case(
        stream(http((b"a" * 12 + b"x") * 20_000)), HTTP | {"receive": "(?:a|a)*[bc]"}, DOWN
    ),
    "http: a small page that a careless pattern searches long": Case(
        stream(http((b"a" * 30 + b"x") * 130)), HTTP | {"receive": "a*a*[bc]"}, DOWN
    ),
    "http: a page that an intricate pattern finds something in": Case(
        stream(http(b"fine " * 1500)), HTTP | {"receive": "(?s)^(?:(?!ERROR).)*$"}
    ),
    "https: 256 KiB": Case(
        stream(http(PAGE), secure=True), {"service": "https", "receive": "alive", "virtualhost": "www.example.org"}
    ),
    "https: a byte in each record": Case(
        lambda: elsewhere(in_records_of_a_byte, certified()), {"service": "https", "receive": "alive"}
    ),
    "https: a long page that a careless pattern searches long": Case(
        stream(http(b"a" * 200_000), secure=True), {"service": "https", "receive": r"(?<=a\w)\w*[;:]"}, DOWN
    ),
    "http_proxy": Case(
        stream(http(PAGE)), {"service": "http_proxy", "request": "http://example.org/", "receive": "alive"}
    ),
    "dns: records that do not count": Case(
        datagrams(lambda query: dns(query, kind=99, records=5000, content=lambda _: b"")),
        {"service": "dns", "request": "www.example.org"},
        DOWN,
        UDP_VIP,
    ),
    "dns: addresses": Case(
        datagrams(lambda query: dns(query, kind=1, records=256, content=lambda _: b"\x7f\0\0\x01")),
        {"service": "dns", "request": "www.example.org", "receive": r"^10\."},
        DOWN,
        UDP_VIP,
    ),
    "dns: compressed names": Case(
        datagrams(lambda query: dns(query, kind=12, records=200, content=chained)),
        {"service": "dns", "request": "192.0.2.7", "receive": "^www"},
        DOWN,
        UDP_VIP,
    ),
    "dns: thousands of answers to others": Case(
        datagrams(lambda query: [bytes((number % 256, number // 256)) + query[2:] for number in range(4000)]),
        {"service": "dns", "request": "www.example.org", "negotiatetimeout": 1.0},
        DOWN,
        UDP_VIP,
    ),
    "grpc: frame after frame": Case(stream(frame(4, b"") + frame(6, bytes(8)) * 5000), {"service": "grpc"}, DOWN),
    "grpc: a long list of headers": Case(
        stream(frame(4, b"") + frame(1, b"\x88" + b"\xbf" * 16_000, flags=4, number=1)), {"service": "grpc"}, DOWN
    ),
    "grpcs: settings": Case(
        stream(frame(4, b"\0\x04\0\0\xff\xff" * 2700) * 8, secure=True), {"service": "grpcs"}, DOWN
    ),
    "redis: a long list": Case(
        stream(b"*1000\r\n" + b"$1\r\nx\r\n" * 1000), {"service": "redis", "request": "KEYS", "receive": "x+x$"}, DOWN
    ),
    "redis: a long text that a careless pattern searches long": Case(
        stream(b"$60000\r\n" + b"a" * 60_000 + b"\r\n"),
        {"service": "redis", "request": "GET a", "receive": r"(?<=a\w)\w*[;:]"},
        DOWN,
    ),
    "rediss: a byte in each record": Case(
        lambda: elsewhere(in_records_of_a_byte, certified()), {"service": "rediss"}, DOWN
    ),
    "udp: a datagram that a careless pattern searches long": Case(
        datagrams(lambda _: b"a" * 60_000),
        {"service": "udp", "request": "?", "receive": r"(?<=a\w)\w*[;:]"},
        DOWN,
        UDP_VIP,
    ),
    "ftp: 256 KiB": Case(lambda: elsewhere(ftp), {"service": "ftp", **LOGIN, **FTP_CASE}),
    "ftp: a file that a careless pattern searches long": Case(
        lambda: elsewhere(ftp), {"service": "ftp", **LOGIN, "request": "/big", "receive": r"(?:\w|\w)*[\x01;]"}, DOWN
    ),
    "ldap: values that a careless pattern searches long": Case(
        stream(ldap_result(1, 0x61), ldap_entry(900, 100) + ldap_result(2, 0x65)),
        {"service": "ldap", "request": "/dc=example", "receive": "(?:x|x)*[yz]"},
        DOWN,
    ),
    "simpletcp: lines that a careless pattern searches long": Case(
        stream((b"a" * 12 + b"x\n") * 2000), {"service": "simpletcp", "request": "?", "receive": "(?:a|a)*[bc]"}, DOWN
    ),
    "imap": Case(
        stream(b"* OK " + b"x" * 8000 + b"\r\n", b"* CAPABILITY " + b"X " * 3000 + b"\r\nA1 OK\r\n", b"", first=True),
        {"service": "imap"},
    ),
    "imaps": Case(stream(b"* OK hello\r\n", b"* BYE\r\n", first=True, secure=True), {"service": "imaps"}),
    "ldap: a long entry": Case(
        stream(ldap_result(1, 0x61), ldap_entry(2000, 100) + ldap_result(2, 0x65)),
        {"service": "ldap", "request": "/dc=example", "receive": "zz"},
        DOWN,
    ),
    "ldap: long values": Case(
        stream(ldap_result(1, 0x61), ldap_entry(4, 60_000) + ldap_result(2, 0x65)),
        {"service": "ldap", "request": "/dc=example", "receive": r"x+y\d"},
        DOWN,
    ),
    "ldaps": Case(
        stream(ldap_result(1, 0x61), ldap_entry(20, 100) + ldap_result(2, 0x65), secure=True), {"service": "ldaps"}
    ),
    "mysql: a large row": Case(
        stream(MYSQL_GREETING, MYSQL_OK, mysql_rows(10, 20_000), first=True),
        {"service": "mysql", **LOGIN, "request": "select 1"},
    ),
    "mysql: many columns": Case(
        stream(MYSQL_GREETING, MYSQL_OK, mysql_rows(2000, 10), first=True),
        {"service": "mysql", **LOGIN, "request": "select 1"},
    ),
    "mysql: too many columns": Case(
        stream(MYSQL_GREETING, MYSQL_OK, mysql_rows(60_000, 1), first=True),
        {"service": "mysql", **LOGIN, "request": "select 1"},
    ),
    "mysql: an endless row": Case(
        stream(MYSQL_GREETING, MYSQL_OK, mysql_rows(1, 4_000_000), first=True),
        {"service": "mysql", **LOGIN, "request": "select 1"},
    ),
    "smtp: endless lines": Case(stream(b"250-\r\n" * 200_000, first=True), {"service": "smtp"}, DOWN),
    "imap: endless lines": Case(
        stream(b"* OK\r\n", b"* \r\n" * 300_000, first=True), {"service": "imap", **LOGIN}, DOWN
    ),
    "sip: endless answers": Case(
        stream(b"".join(b"SIP/2.0 100 Wait\r\n" + b"X:\r\n" * 490 + b"\r\n" for _ in range(64))),
        {"service": "sip", "login": "alice@example.org"},
        DOWN,
    ),
    "nntp": Case(stream(b"200 " + b"n" * 60_000 + b"\r\n", first=True), {"service": "nntp"}),
    "none": Case(stream(b""), {"service": "none", "checktype": CheckType.CONNECT}),
    "oracle: hangs up": Case(stream(b""), {"service": "oracle", **LOGIN, "request": "select 1 from dual"}, DOWN),
    "pgsql: without TLS": Case(
        stream(b"N", PGSQL_IN, pgsql_rows(1, 10)), {"service": "pgsql", **LOGIN, "request": "select 1"}
    ),
    "pgsql: a large row": Case(
        stream(b"N", PGSQL_IN, pgsql_rows(1, 256 * KIB)), {"service": "pgsql", **LOGIN, "request": "select 1"}
    ),
    "pgsql: many rows": Case(
        stream(b"N", PGSQL_IN, pgsql_rows(10_000, 10)), {"service": "pgsql", **LOGIN, "request": "select 1"}
    ),
    "pgsql: notices": Case(
        stream(b"N", PGSQL_IN, PGSQL_NOTICE * 4000 + pgsql_rows(1, 10)),
        {"service": "pgsql", **LOGIN, "request": "select 1"},
    ),
    "pgsql: settings": Case(
        stream(b"N", pgsql(b"R", bytes(4)) + pgsql(b"S", b"a.name\0value\0") * 20_000 + PGSQL_IN, pgsql_rows(1, 10)),
        {"service": "pgsql", **LOGIN, "request": "select 1"},
    ),
    "pgsql: many columns": Case(
        stream(b"N", PGSQL_IN, pgsql(b"T", b"\x3a\x98" + (b"c\0" + bytes(18)) * 15_000) + pgsql_rows(1, 10)),
        {"service": "pgsql", **LOGIN, "request": "select 1"},
    ),
    "pgsql: a password hashed for very long": Case(
        lambda: elsewhere(hashes_for_long), {"service": "pgsql", **LOGIN, "request": "select 1"}, DOWN
    ),
    "pop": Case(stream(b"+OK " + b"p" * 60_000 + b"\r\n", b"+OK\r\n", first=True), {"service": "pop"}),
    "pops": Case(stream(b"+OK hello\r\n", b"+OK\r\n", first=True, secure=True), {"service": "pops"}),
    "radius": Case(datagrams(radius), {"service": "radius", **LOGIN, "secret": "s3cret"}),
    "simpletcp: 200 lines": Case(
        stream(b"a line of words\r\n" * 200 + b"alive\r\n"),
        {"service": "simpletcp", "request": "?", "receive": "alive"},
    ),
    "simpletcp: one long line": Case(
        stream(b"x" * 300_000), {"service": "simpletcp", "request": "?", "receive": r"alive\d"}, DOWN
    ),
    "sip: hundreds of headers": Case(
        stream(b"SIP/2.0 200 OK\r\n" + b"X: y\r\n" * 490 + b"Content-Length: 0\r\n\r\n"),
        {"service": "sip", "login": "alice@example.org"},
    ),
    "sip: thousands of headers": Case(
        stream(b"SIP/2.0 200 OK\r\n" + b"X: y\r\n" * 2500 + b"Content-Length: 0\r\n\r\n"),
        {"service": "sip", "login": "alice@example.org"},
        DOWN,
    ),
    "smtp": Case(
        stream(BANNER * 20 + b"220 x\r\n", b"250-" + b"x" * 400 + b"\r\n250 HELP\r\n", b"", first=True),
        {"service": "smtp"},
    ),
    "submission": Case(stream(b"220 x\r\n", b"250 y\r\n", b"", first=True), {"service": "submission"}),
    "external": Case(
        stream(b""), {"checktype": CheckType.EXTERNAL, "checkcommand": "/bin/true", "service": "http"}
    ),
}  # fmt: skip


def test_every_service_is_among_the_cases() -> None:
    assert {case.words["service"] for case in CASES.values()} == set(SERVICES)


async def holds_no_turn(case: Case) -> None:
    """Fail if a check of *case* has another verdict than it should, or holds the loop."""
    patience = PATIENCE if case.verdict is Verdict.UP else 8.0
    words = {"negotiatetimeout": patience, "checktimeout": patience} | case.words
    with case.server() as endpoint:
        async with checking() as check:
            seconds, callback, outcomes = await held_for(lambda: check(endpoint, case.virtual, **words))

    assert {outcome.verdict for outcome in outcomes} == {case.verdict}, outcomes
    assert seconds <= MOST, (callback, outcomes[-1])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_no_check_holds_the_loop(case: Case) -> None:
    await holds_no_turn(case)
