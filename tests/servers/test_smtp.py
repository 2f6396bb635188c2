"""Services smtp and submission, asked of Exim."""

from collections.abc import Iterator

import pytest

from ldirectord_py.model.checks.outcome import Reason, Verdict, down, up
from tests.lab.support.waiting import wait_until
from tests.peers.options import checking
from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, PATIENT, at
from tests.servers.exim import Exim, exim

SERVICES = ["smtp", "submission"]


@pytest.fixture(scope="module", name="exim")
def running() -> Iterator[Exim]:
    with exim() as it:
        yield it


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("address", LOOPBACKS)
async def test_exim_serves(exim: Exim, address: str, service: str) -> None:
    async with checking() as check:
        assert await check(at(exim.open, address), service=service, **PATIENT) == up("greeted, and answered EHLO")


@pytest.mark.parametrize("service", SERVICES)
async def test_exims_lines_match_or_not(exim: Exim, service: str) -> None:
    async with checking() as check:
        for receive in ("^220-mail\\.example\\.org ESMTP$", "^220 ready", "^250-STARTTLS$"):
            outcome = await check(at(exim.open), service=service, receive=receive, **PATIENT)
            assert outcome == up("greeted, and answered EHLO; a line matches")
        outcome = await check(at(exim.open), service=service, receive="Postfix", **PATIENT)
    assert outcome.reason is Reason.MISMATCH
    assert outcome.detail.startswith(
        "no line of the server's matches 'Postfix': it said '220-mail.example.org ESMTP\\n"
    )


async def test_exim_that_knows_no_ehlo_is_asked_the_old_way(exim: Exim) -> None:
    async with checking() as check:
        assert await check(at(exim.old), service="smtp", **PATIENT) == up("greeted, and answered HELO")


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_exim_is_busy(exim: Exim, address: str) -> None:
    async with checking() as check:
        outcome = await check(at(exim.busy, address), service="smtp", **PATIENT)
    assert outcome == down(Reason.STATUS, "greeted with '451 too busy', expected 2xx")


async def test_exim_does_not_like_us(exim: Exim) -> None:
    async with checking() as check:
        outcome = await check(at(exim.picky), service="smtp", **PATIENT)
    assert outcome == down(Reason.STATUS, "EHLO refused, HELO answered with '550 not you', expected 2xx")


async def test_exim_waits_for_tls(exim: Exim) -> None:
    async with checking() as check:
        outcome = await check(at(exim.tls), service="submission")
    assert outcome == down(Reason.TIMEOUT, "connected, but no answer within 1 s")


async def test_exim_speaks_plainly_where_tls_is_expected(exim: Exim) -> None:
    async with checking() as check:
        outcome = await check(at(exim.open), service="imaps", **PATIENT)
    assert outcome == down(Reason.TLS, "TLS failed: the server does not speak TLS on this port")


async def test_exim_over_tls_is_no_imap_server(exim: Exim) -> None:
    async with checking() as check:
        outcome = await check(at(exim.tls), service="imaps", **PATIENT)
    assert outcome.reason is Reason.PROTOCOL
    assert outcome.detail.startswith("greeted with '220-mail.example.org ESMTP', which is no IMAP greeting")


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), service="smtp", **PATIENT)
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.REFUSED)


async def test_exim_hears_our_goodbye(exim: Exim) -> None:
    def told() -> list[str]:
        return [line for line in exim.log.read_text().splitlines() if f"I=[127.0.0.1]:{exim.guestbook} " in line]

    async with checking() as check:
        for _ in range(3):
            await check(at(exim.guestbook), service="smtp", **PATIENT)

    wait_until(lambda: len(told()) == 6, telling=exim.log.read_text)  # three came, three went
    assert sum(line.endswith("closed by QUIT") for line in told()) == 3
