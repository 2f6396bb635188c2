"""Services pop and pops, asked of Dovecot."""

from collections.abc import Iterator

import pytest

from ldirectord_py.model.checks.outcome import Reason, Verdict, down, up
from tests.lab.support.waiting import wait_until
from tests.peers.options import checking
from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, PATIENT, at
from tests.servers.dovecot import BOB, GUEST, ZOE, Dovecot, dovecot

SERVICES = ["pop", "pops"]


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("address", LOOPBACKS)
async def test_dovecot_greets(server: Dovecot, address: str, service: str) -> None:
    async with checking() as check:
        assert await check(at(getattr(server, service), address), service=service, **PATIENT) == up("greeted")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("address", LOOPBACKS)
@pytest.mark.parametrize("user", [BOB, ZOE], ids=["ascii", "not ascii"])
async def test_dovecot_lets_in(server: Dovecot, address: str, service: str, user: dict[str, str]) -> None:
    async with checking() as check:
        outcome = await check(at(getattr(server, service), address), service=service, **user, **PATIENT)
    assert outcome == up("greeted, and let us in")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("words", [BOB | {"passwd": "wrong"}, BOB | {"passwd": ""}, BOB | {"login": "nobody"}])
async def test_dovecot_does_not_let_in(server: Dovecot, service: str, words: dict[str, str]) -> None:
    async with checking() as check:
        outcome = await check(at(getattr(server, service)), service=service, **words, **PATIENT)
    assert outcome == down(Reason.STATUS, "PASS answered with '-ERR [AUTH] Authentication failed.', expected +OK")


@pytest.mark.parametrize("service", SERVICES)
async def test_dovecots_lines_match_or_not(server: Dovecot, service: str) -> None:
    place = at(getattr(server, service))
    async with checking() as check:
        greeted = await check(place, service=service, receive="Dovecot", **PATIENT)
        let_in = await check(place, service=service, receive="Logged in", **BOB, **PATIENT)
        neither = await check(place, service=service, receive="Cyrus", **BOB, **PATIENT)
    assert (greeted, let_in) == (up("greeted; a line matches"), up("greeted, and let us in; a line matches"))
    assert neither.reason is Reason.MISMATCH
    assert neither.detail.startswith("no line of the server's matches 'Cyrus': it said '")


async def test_dovecot_waits_for_tls(server: Dovecot) -> None:
    async with checking() as check:
        outcome = await check(at(server.pops), service="pop")
    assert outcome == down(Reason.TIMEOUT, "connected, but no answer within 1 s")


async def test_dovecot_speaks_plainly_where_tls_is_expected(server: Dovecot) -> None:
    async with checking() as check:
        outcome = await check(at(server.pop), service="pops", **PATIENT)
    assert outcome == down(Reason.TLS, "TLS failed: the server does not speak TLS on this port")


async def test_dovecot_speaks_another_protocol(server: Dovecot) -> None:
    async with checking() as check:
        outcome = await check(at(server.imap), service="pop", **BOB, **PATIENT)
    assert outcome.reason is Reason.PROTOCOL
    assert outcome.detail.startswith("greeted with '* OK [CAPABILITY IMAP4rev1")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused_even_without_login(address: str, service: str) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), service=service, **PATIENT)
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.REFUSED)


async def test_dovecot_hears_our_goodbye(server: Dovecot) -> None:
    async with checking() as check:
        await check(at(server.pop), service="pop", **GUEST, **PATIENT)
    wait_until(lambda: server.goodbyes("guest") == 1, telling=server.log.read_text)
