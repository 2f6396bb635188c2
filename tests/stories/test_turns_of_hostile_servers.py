"""No check holds the loop for more than 5 ms: answers that were made to be read slowly."""

import pytest

from ldirectord_py.model.checks.outcome import Verdict
from tests.peers.options import UDP_VIP
from tests.stories.test_turns import DOWN, HTTP, LOGIN, Case, datagrams, frame, holds_no_turn, stream

ODD = b"HTTP/1.1 200 OK\nTransfer-Encoding : chunked\n\n"
SIP = {"service": "sip", **LOGIN, "login": "alice@example.org"}
IMAP = {"service": "imap", **LOGIN}
LINES = {"service": "simpletcp", "request": "?", "receive": r"al(i|o)ve$"}
MIB = 1_000_000
LITERAL = b"\x00\x01a\x01b"
"""A header without compression, RFC 7541 §6.2.2."""
PACKED = b"\x00\x81\x1f\xff\x81\x1e" + b"\x10\x84" * 128
"""One whose value is packed, RFC 7541 §5.2."""


def headers(block: bytes) -> bytes:
    return frame(4, b"") + frame(1, b"\x88" + block, flags=4, number=1)


def healthy(message: bytes) -> bytes:
    kind = b"\x5f\x10application/grpc"
    end = frame(1, b"\x40\x0bgrpc-status\x010", flags=5, number=1)
    return headers(kind) + frame(0, b"\0" + len(message).to_bytes(4) + message, number=1) + end


CASES = {
    "imap: capabilities that never end": Case(
        stream(b"* OK " + b"[CAPABILITY " * 5000 + b"\r\n", b"a1 OK\r\n", b"", first=True), IMAP
    ),
    "imap: capabilities of a MiB": Case(
        stream(b"* OK [CAPABILITY " + b"LOGINDISABLE " * 75_000 + b"\r\n", b"a1 OK\r\n", b"", first=True), IMAP
    ),
    "sip: a status and blanks": Case(stream(b"SIP/2.0 200" + b" " * 15_000 + b"\rx\r\n"), SIP, DOWN),
    "sip: a status and blanks, over UDP": Case(
        datagrams(lambda _asked: b"SIP/2.0 200" + b" " * 16_000 + b"\rx\r\n\r\n"), SIP, DOWN, UDP_VIP
    ),
    "sip: folded lines, over UDP": Case(
        datagrams(lambda _asked: b"SIP/2.0 200 OK\r\nA: b\r\n" + (b" " + b"x" * 120 + b"\r\n") * 490 + b"\r\n"),
        SIP,
        Verdict.UP,
        UDP_VIP,
    ),
    "sip: a challenge that never ends": Case(
        stream(b'SIP/2.0 401 No\r\nWWW-Authenticate: Digest a="' + b"-" * 15_000 + b"\r\n\r\n"), SIP, DOWN
    ),
    "http: the same length again and again": Case(
        stream(b"HTTP/1.1 200 OK\nContent-Length : 1\nContent-Length: " + b"1," * 32_000 + b"x\r\n\r\n"), HTTP
    ),
    "http: blanks in place of a chunk's size": Case(stream(ODD + b" " * 300_000), HTTP | {"receive": "x"}, DOWN),
    "http: redirected to very long places": Case(
        stream(*[b"HTTP/1.1 302 Found\r\nLocation: /" + b"%2f../" * 10_000 + b"\r\n\r\n"] * 8), HTTP, DOWN
    ),
    "grpc: headers": Case(stream(headers(LITERAL * 1600)), {"service": "grpc"}, DOWN),
    "grpc: packed headers": Case(stream(headers(PACKED * 31)), {"service": "grpc"}, DOWN),
    "grpc: more headers": Case(stream(headers(LITERAL * 3200)), {"service": "grpc"}, DOWN),
    "grpc: a message of many fields": Case(stream(healthy(b"\x08\x01" * 500)), {"service": "grpc"}),
    "grpc: a message of more fields": Case(stream(healthy(b"\x08\x01" * 8000)), {"service": "grpc"}, DOWN),
    "ftp: lines of a byte": Case(
        stream(b"220-\r\n" + b"x\r\n" * 250_000, first=True), {"service": "ftp", **LOGIN}, DOWN
    ),
    "pop: a line of a MiB with what was sent": Case(
        stream(b"+OK\r\n", b"-" + b"rabbit-hole" * (MIB // 11) + b"\r\n", first=True), {"service": "pop", **LOGIN}, DOWN
    ),
    "simpletcp: lines of a byte": Case(stream(b"x\n" * 2040 + b"alive\n"), LINES),
    "simpletcp: lines of a byte, over UDP": Case(
        datagrams(lambda _asked: b"x\n" * 2040 + b"alive\n"), LINES, Verdict.UP, UDP_VIP
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_no_hostile_answer_holds_the_loop(case: Case) -> None:
    await holds_no_turn(case)
