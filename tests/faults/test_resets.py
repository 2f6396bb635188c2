"""A server that has given its whole answer is up, also where it resets the connection afterwards.

Some do so for want of a lingering close, others because they have answered without reading all that was asked.
"""

import socket
from collections.abc import Callable
from dataclasses import replace
from struct import pack

import pytest

from ldirectord_py.model.checks.outcome import Verdict
from tests.faults.hostile import unchanged
from tests.faults.test_hostile_answers import CASES, CERTIFIED, DATABASES, FTP_IN, HONEST, LOGIN, Case, dns
from tests.peers.listeners import accepting
from tests.peers.options import UDP_VIP, VIP, checking

ABORT = pack("ii", 1, 0)
GOODBYES = {"smtp": 1, "submission": 1, "pop": 1, "pops": 1, "imap": 1, "imaps": 1, "nntp": 4}
"""How many of a case's pieces come after the answer: of nntp all but the greeting."""


def prefixed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


STREAMED = {
    name: replace(case, pieces=case.pieces[: len(case.pieces) - GOODBYES.get(case.service, 0)])
    for name, case in CASES.items()
    if case.virtual is not UDP_VIP and case.service not in DATABASES and name not in HONEST
} | {
    "dns: tcp": replace(CASES["dns"], pieces=(lambda asked: prefixed(dns(asked[2:])),), virtual=VIP),
    "ftp": Case("ftp", FTP_IN[:3], LOGIN, first=True),
    "imap: greeting": Case("imap", (b"* OK x\r\n",), first=True),
    "pop: greeting": Case("pop", (b"+OK x\r\n",), first=True),
    "redis: receive": Case("redis", (b"$5\r\nalive\r\n",), {"request": "GET a", "receive": "alive"}),
    "grpc: in two pieces": Case("grpc", (CASES["grpc"].pieces[0][:9], CASES["grpc"].pieces[0][9:])),
}
AT_ONCE = {
    name: case
    for name, case in STREAMED.items()
    if not case.secure and all(isinstance(each, bytes) for each in case.pieces)
}
"""Whose answers do not depend on what is asked."""


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)


def one_by_one(case: Case) -> Callable[[socket.socket], None]:
    """Answer each question, and reset behind the last answer."""

    def serve(plain: socket.socket) -> None:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a reset drops what waits for other segments
        connection = CERTIFIED.wrap_socket(plain, server_side=True) if case.secure else plain
        with connection:
            for number, piece in enumerate(case.pieces):
                asked = b"" if case.first and not number else connection.recv(65536)
                connection.sendall(unchanged(piece)(asked))
            reset(connection)

    return serve


def all_at_once(case: Case) -> Callable[[socket.socket], None]:
    """Give the whole answer before anything is asked, and reset, whatever comes."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"".join(unchanged(piece)(b"") for piece in case.pieces))
        reset(connection)

    return serve


@pytest.mark.parametrize(
    ("serve", "case"),
    [
        *(pytest.param(one_by_one, case, id=name) for name, case in STREAMED.items()),
        *(pytest.param(all_at_once, case, id=f"{name}, unasked") for name, case in AT_ONCE.items()),
    ],
)
async def test_a_reset_behind_the_answer_changes_no_verdict(
    serve: Callable[[Case], Callable[[socket.socket], None]], case: Case
) -> None:
    with accepting(serve(case)) as place:
        async with checking() as check:
            outcomes = [await check(place, service=case.service, **case.words) for _ in range(5)]
    assert [outcome.verdict for outcome in outcomes] == [Verdict.UP] * 5, outcomes
