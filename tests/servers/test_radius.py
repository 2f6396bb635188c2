"""The radius check against FreeRADIUS."""

import socket
from collections.abc import Iterator

import pytest

from ldirectord_py.model.checks.outcome import Reason, Verdict
from tests.peers.options import checking
from tests.peers.ports import free_port
from tests.servers.daemons import at
from tests.servers.freeradius import freeradius


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with freeradius() as number:
        yield number


WORDS = {"service": "radius", "login": "nemo", "passwd": "arctangent", "secret": "s3cret"}
LONG = "a password that fills more than one block of sixteen bytes"


@pytest.mark.parametrize("words", [{}, {"login": "long", "passwd": LONG}], ids=["a password", "a long one"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_user_who_may_come_in_means_up(port, address, words) -> None:
    async with checking() as check:
        outcome = await check(at(port, address), **(WORDS | words))
    assert (outcome.verdict, outcome.detail) == (Verdict.UP, "Access-Accept"), outcome


NO = "Access-Reject: the server does not accept login and passwd"


@pytest.mark.parametrize(
    ("words", "reason", "detail"),
    [
        ({"passwd": "wrong"}, Reason.STATUS, NO),
        ({"passwd": ""}, Reason.STATUS, NO),
        ({"login": "nobody"}, Reason.STATUS, NO),
        ({"login": "gone"}, Reason.STATUS, f"{NO}; it says 'Your account is locked'"),
        ({"login": "token"}, Reason.STATUS, "Access-Challenge: the server asks for more than a password"),
        # The request's Message-Authenticator is wrong then, so the server discards it (RFC 3579 §3.2).
        ({"secret": "other"}, Reason.TIMEOUT, "no answer within 1 s"),
    ],
    ids=["wrong password", "no password", "unknown user", "locked user", "challenge", "wrong secret"],
)
async def test_a_user_who_may_not_means_down(port, words, reason, detail) -> None:
    async with checking() as check:
        outcome = await check(at(port), **(WORDS | words))
    assert (outcome.verdict, outcome.reason, detail in outcome.detail) == (Verdict.DOWN, reason, True), outcome


async def test_a_silent_server_is_down() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        async with checking() as check:
            outcome = await check(at(silent.getsockname()[1]), **WORDS)
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.TIMEOUT), outcome


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_where_nobody_listens_the_server_is_down(address) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), **WORDS)
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.REFUSED), outcome
