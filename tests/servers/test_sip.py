"""Service sip, asked of kamailio over UDP and TCP."""

import asyncio
import ssl
from collections.abc import Iterator

import pytest
import trustme

from ldirectord_py.model.checks.outcome import Reason, down, up
from ldirectord_py.model.service import AddressKey
from tests.peers.listeners import serving
from tests.peers.options import UDP_VIP, VIP, checking
from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, at
from tests.servers.kamailio import kamailio

VIRTUALS = [VIP, UDP_VIP]
OK = up("OPTIONS answered with '200 OK'")
UNAUTHORIZED = "OPTIONS answered with '401 Unauthorized', expected 200"


@pytest.fixture(scope="module", name="kamailio", params=["MD5", "SHA-256"])
def running(request: pytest.FixtureRequest) -> Iterator[int]:
    with kamailio(request.param) as port:
        yield port


@pytest.mark.parametrize("virtual", VIRTUALS, ids=str)
@pytest.mark.parametrize("address", LOOPBACKS)
@pytest.mark.parametrize("login", ["", "dave@example.org"])
async def test_kamailio_serves(kamailio: int, address: str, virtual: AddressKey, login: str) -> None:
    async with checking() as check:
        assert await check(at(kamailio, address), virtual, service="sip", login=login) == OK


@pytest.mark.parametrize("virtual", VIRTUALS, ids=str)
@pytest.mark.parametrize("user", ["alice", "bob"])
async def test_kamailio_lets_in_who_knows_the_password(kamailio: int, virtual: AddressKey, user: str) -> None:
    words = {"service": "sip", "login": f"{user}@example.org", "passwd": "rabbit-hole"}
    async with checking() as check:
        assert await check(at(kamailio), virtual, **words) == OK


@pytest.mark.parametrize("virtual", VIRTUALS, ids=str)
@pytest.mark.parametrize(
    ("passwd", "detail"),
    [
        ("looking-glass", f"{UNAUTHORIZED}: wrong login or passwd"),
        ("", f"{UNAUTHORIZED}: the server wants a password, set passwd"),
    ],
    ids=["wrong", "none"],
)
async def test_kamailio_lets_in_nobody_else(kamailio: int, virtual: AddressKey, passwd: str, detail: str) -> None:
    async with checking() as check:
        outcome = await check(at(kamailio), virtual, service="sip", login="alice@example.org", passwd=passwd)
    assert outcome == down(Reason.STATUS, detail)


@pytest.mark.parametrize("virtual", VIRTUALS, ids=str)
async def test_kamailio_says_no(kamailio: int, virtual: AddressKey) -> None:
    async with checking() as check:
        outcome = await check(at(kamailio), virtual, service="sip", login="carol@example.org")
    assert outcome == down(Reason.STATUS, "OPTIONS answered with '503 Service Unavailable', expected 200")


@pytest.mark.parametrize("virtual", VIRTUALS, ids=str)
@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(address: str, virtual: AddressKey) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), virtual, service="sip")
    assert outcome.reason is Reason.REFUSED


async def test_a_server_that_waits_for_tls_is_down() -> None:
    async def answer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    async with serving(answer, context) as endpoint, checking() as check:
        outcome = await check(endpoint, service="sip")
    assert outcome.reason in {Reason.CLOSED, Reason.RESET, Reason.PROTOCOL}, outcome
