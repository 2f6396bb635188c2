"""The dns check against NSD."""

from collections.abc import Iterator

import dns.message
import dns.query
import pytest

from ldirectord_py.model.checks.outcome import Reason, Verdict
from tests.peers.options import UDP_VIP, VIP, checking
from tests.peers.ports import free_port
from tests.servers.daemons import at
from tests.servers.nsd import nsd


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with nsd() as number:
        yield number


ASKED = {
    "an address": ({"request": "/www.example.org"}, "'www.example.org.' A is 10.0.0.7"),
    "an address that matches": ({"request": "www.example.org.", "receive": r"^10\.0\.0\.8$"}, "A is 10.0.0.8"),
    "an alias": ({"request": "alias.example.org", "receive": "10.0.0.7"}, "'alias.example.org.' A is 10.0.0.7"),
    "an IPv6 address": ({"request": "www.example.org AAAA", "receive": "2001:db8::7"}, "AAAA is 2001:db8::7"),
    "a name": ({"request": "/10.0.0.7", "receive": "^www.example.org$"}, "PTR is www.example.org"),
}
REFUSED = {
    "another address": (
        {"request": "www.example.org", "receive": "^192"},
        Reason.MISMATCH,
        "the answer to 'www.example.org.' A does not match '^192': got '10.0.0.",
    ),
    "no such name": ({"request": "nobody.example.org"}, Reason.STATUS, "A was answered with NXDOMAIN"),
    "no address": ({"request": "mail.example.org"}, Reason.MISMATCH, "was answered without any address or name"),
    "not served here": ({"request": "www.example.com"}, Reason.STATUS, "A was answered with REFUSED"),
    "the root": ({}, Reason.STATUS, "'.' A was answered with REFUSED"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "detail"), ASKED.values(), ids=ASKED.keys())
@pytest.mark.parametrize("virtual", [VIP, UDP_VIP], ids=["tcp", "udp"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_name_server_that_knows_is_up(port, address, virtual, words, detail) -> None:
    async with checking() as check:
        outcome = await check(at(port, address), virtual, service="dns", **words)
    assert (outcome.verdict, detail in outcome.detail) == (Verdict.UP, True), outcome


@pytest.mark.parametrize(("words", "reason", "detail"), REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("virtual", [VIP, UDP_VIP], ids=["tcp", "udp"])
async def test_a_name_server_that_does_not_know_is_down(port, virtual, words, reason, detail) -> None:
    async with checking() as check:
        outcome = await check(at(port), virtual, service="dns", **words)
    assert (outcome.reason, detail in outcome.detail) == (reason, True), outcome


async def test_over_udp_a_long_answer_is_truncated_and_over_tcp_it_is_not(port) -> None:
    # Which addresses there is room for is the server's choice; NSD leaves all of them out.
    truncated = dns.query.udp(dns.message.make_query("many.example.org", "A"), "127.0.0.1", port=port, timeout=5)
    words = {"service": "dns", "request": "many.example.org", "receive": r"^10\.1\.0\.\d+$"}
    async with checking() as check:
        over_tcp = await check(at(port), VIP, **words)
        over_udp = await check(at(port), UDP_VIP, **words)
    assert over_tcp.verdict is Verdict.UP
    assert over_udp.verdict is (Verdict.UP if truncated.answer else Verdict.DOWN)
    if over_udp.verdict is Verdict.DOWN:
        assert over_udp.detail.endswith("truncated: ask for a name with fewer records, or with protocol=tcp")


@pytest.mark.parametrize("virtual", [VIP, UDP_VIP], ids=["tcp", "udp"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_where_nobody_listens_the_server_is_down(address, virtual) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), virtual, service="dns", request="www.example.org")
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.REFUSED), outcome
