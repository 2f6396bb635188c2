"""From where checks set out, as the servers on the other end see it."""

import asyncio
import os
import socket
from dataclasses import replace
from ipaddress import ip_address

import pytest

from ldirectord_py.checks.ftp.driver import Ftp
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Reason, Verdict, fault, up
from ldirectord_py.model.checks.probe import Origin
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.system.socket_binding import bind
from tests.peers.certificates import Authority
from tests.peers.driver_services import services
from tests.peers.listeners import LOOPBACK, serving
from tests.peers.options import UDP_VIP, checking

HERE = ip_address("127.0.0.2")
NOT_HERE = ip_address("192.0.2.77")
NO_SUCH_ADDRESS = fault("checksource: this director does not have the address 192.0.2.77")
NO_SUCH_DEVICE = fault("checkdevice: this director has no interface nosuch0")


class Noting:
    """A server that greets as IMAP does, and notes from where it is asked."""

    def __init__(self) -> None:
        self.guests: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.guests.append(writer.get_extra_info("peername")[0])
        writer.write(b"* OK ready\r\n")
        await writer.drain()
        await reader.read()


@pytest.mark.parametrize("device", [None, "lo"])
@pytest.mark.parametrize(("service", "context"), [("imap", None), ("imaps", Authority().server("www.example"))])
async def test_a_server_sees_the_address_that_is_asked_for(service, context, device) -> None:
    server = Noting()
    async with serving(server, context) as endpoint, checking() as check:
        for _ in range(2):
            outcome = await check(endpoint, service=service, checksource=HERE, checkdevice=device)
            assert outcome.verdict is Verdict.UP

    assert server.guests == ["127.0.0.2"] * 2


async def test_without_the_directives_the_kernels_routes_decide() -> None:
    server = Noting()
    async with serving(server) as endpoint, checking() as check:
        await check(endpoint, service="imap", checkdevice="lo")
        await check(endpoint, service="imap")

    assert server.guests == ["127.0.0.1"] * 2


async def test_datagrams_set_out_from_there_too() -> None:
    guests: list[str] = []

    class Server(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
            guests.append(address[0])

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Server, ("127.0.0.1", 0))
    endpoint = Endpoint(LOOPBACK, transport.get_extra_info("sockname")[1])
    words = {"service": "dns", "request": "/example.org", "negotiatetimeout": 0.1}
    async with checking() as check:
        outcome = await check(endpoint, UDP_VIP, **words, checksource=HERE, checkdevice="lo")
    transport.close()

    assert outcome.reason is Reason.TIMEOUT
    assert guests == ["127.0.0.2"]


async def test_ipv6_sets_out_from_its_own_addresses() -> None:
    server = Noting()
    async with serving(server, host="::1") as endpoint, checking() as check:
        here = await check(endpoint, service="imap", checksource=ip_address("::1"), checkdevice="lo")
        elsewhere = await check(endpoint, service="imap", checksource=ip_address("2001:db8::77"))

    assert here.verdict is Verdict.UP
    assert elsewhere == fault("checksource: this director does not have the address 2001:db8::77")
    assert server.guests == ["::1"]


@pytest.mark.parametrize(
    "words",
    [
        {"service": "imap"},
        {"service": "imaps"},
        {"checktype": "connect"},
    ],
    ids=["negotiate", "tls", "connect"],
)
@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ({"checksource": NOT_HERE}, NO_SUCH_ADDRESS),
        ({"checkdevice": "nosuch0"}, NO_SUCH_DEVICE),
        ({"checksource": HERE, "checkdevice": "nosuch0"}, NO_SUCH_DEVICE),
    ],
    ids=["address", "device", "both"],
)
async def test_what_the_director_lacks_says_nothing_of_the_server(words, origin, expected) -> None:
    server = Noting()
    async with serving(server) as endpoint, checking() as check:
        assert await check(endpoint, **words, **origin) == expected

    assert server.guests == []


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ({"checksource": HERE, "checkdevice": "lo"}, up("echo replied")),
        ({"checksource": NOT_HERE}, NO_SUCH_ADDRESS),
        ({"checkdevice": "nosuch0"}, NO_SUCH_DEVICE),
    ],
    ids=["both", "address", "device"],
)
async def test_pings_set_out_from_there_too(origin, expected) -> None:
    async with checking() as check:
        outcome = await check(Endpoint(LOOPBACK, 0), checktype="ping", checkcount=2, **origin)

    forbidden = os.geteuid() != 0 and outcome.verdict is Verdict.FAULT  # as some systems have it for their users
    assert outcome == expected or forbidden


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")])
def test_the_port_is_left_for_connect_to_pick(kind: int, family: int, address: str) -> None:
    """A port that bind(2) picks is taken for all servers: some 28,000 checks under way would be the most."""
    with socket.socket(family, kind) as opened:
        bind(opened, Origin(address=ip_address(address)))

        assert opened.getsockname()[:2] == (address, 0)


async def test_both_connections_of_ftp_set_out_from_there() -> None:
    guests: list[str] = []

    async def send_file(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guests.append(writer.get_extra_info("peername")[0])
        writer.write(b"I'm alive!")

    async with serving(send_file) as data:

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            guests.append(writer.get_extra_info("peername")[0])
            replies = (
                b"220 hi",
                b"230 in",
                b"200 ok",
                b"229 go (|||%d|)" % data.port,
                b"150 here\r\n226 done",
                b"221 bye",
            )
            for reply in replies:
                writer.write(reply + b"\r\n")
                await reader.readline()

        async with serving(converse) as endpoint:
            check = Ftp(server=endpoint, path=b"/alive", origin=Origin(address=HERE, device="lo"))
            outcome = await check.run(services())
            with pytest.raises(CheckUnavailable, match="this director does not have the address"):
                await replace(check, origin=Origin(address=NOT_HERE)).run(services())

    assert outcome.verdict is Verdict.UP
    assert guests == ["127.0.0.2"] * 2
