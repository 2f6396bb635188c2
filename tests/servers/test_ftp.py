"""Service ftp, asked of vsftpd."""

import asyncio
import ssl
from collections.abc import Iterator

import pytest
import trustme

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up
from tests.peers.listeners import serving
from tests.peers.options import checking
from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, at
from tests.servers.vsftpd import PASSWORD, Vsftpd, vsftpd


@pytest.fixture(scope="module", params=LOOPBACKS)
def server(request: pytest.FixtureRequest) -> Iterator[Vsftpd]:
    with vsftpd(request.param) as running:
        yield running


async def ask(endpoint: Endpoint, **words: object) -> Outcome:
    async with checking() as check:
        return await check(endpoint, **({"service": "ftp", "login": "anonymous", "passwd": PASSWORD} | words))


async def test_vsftpd_lets_us_in(server: Vsftpd) -> None:
    assert await ask(server.endpoint) == up("logged in")


@pytest.mark.parametrize("receive", ["ready", "^all is ready$", ""])
async def test_vsftpd_serves_a_file(server: Vsftpd, receive: str) -> None:
    assert await ask(server.endpoint, request=f"{server.files}/status.txt", receive=receive) == up("fetched 13 bytes")


async def test_vsftpd_serves_another_file(server: Vsftpd) -> None:
    outcome = await ask(server.endpoint, request=f"{server.files}/status.txt", receive="steady")
    assert outcome == down(Reason.MISMATCH, r"the file does not match 'steady': got 'all is ready\n'")


async def test_vsftpd_has_no_such_file(server: Vsftpd) -> None:
    outcome = await ask(server.endpoint, request=f"{server.files}/nothing", receive="")
    assert outcome == down(Reason.STATUS, "RETR answered with '550 Failed to open file.', expected 1xx or 2xx")


async def test_vsftpd_does_not_know_the_password(server: Vsftpd) -> None:
    outcome = await ask(server.endpoint, passwd="looking-glass", request=f"{server.files}/status.txt", receive="ready")
    assert outcome == down(Reason.STATUS, "PASS answered with '530 Login incorrect.', expected 230 or 202")


async def test_of_a_long_file_the_beginning_counts(server: Vsftpd) -> None:
    assert await ask(server.endpoint, request=f"{server.files}/large", receive="xx") == up("fetched 262144 bytes")
    assert (await ask(server.endpoint, request=f"{server.files}/large", receive="y")).reason is Reason.TOO_LONG


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    assert await ask(at(free_port(), address)) == down(Reason.REFUSED, "connection refused")


async def test_a_server_that_waits_for_tls_is_late() -> None:
    async def answer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    async with serving(answer, context) as endpoint:
        assert await ask(endpoint) == down(Reason.TIMEOUT, "no result within 1 s")
