"""The dns check against NSD."""

from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import pytest

from ldirectord_py.model.outcome import Reason, Verdict
from tests.peers.asking import UDP_VIP, VIP, checking
from tests.servers.daemons import accepts, at, daemon, free_port

ZONE = """\
$ORIGIN example.org.
$TTL 60
@     SOA   ns hostmaster 1 3600 900 86400 60
@     NS    ns
ns    A     192.0.2.53
www   A     10.0.0.7
www   A     10.0.0.8
www   AAAA  2001:db8::7
alias CNAME www
mail  MX    5 www
"""
REVERSE = """\
$ORIGIN 0.0.10.in-addr.arpa.
$TTL 60
@     SOA   ns.example.org. hostmaster.example.org. 1 3600 900 86400 60
@     NS    ns.example.org.
7     PTR   www.example.org.
"""
MANY = "".join(f"many A 10.1.0.{index}\n" for index in range(1, 101))


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder: Path = tmp_path_factory.mktemp("nsd")
    number = free_port()
    (folder / "example.org").write_text(ZONE + MANY)
    (folder / "reverse").write_text(REVERSE)
    configuration = folder / "nsd.conf"
    configuration.write_text(f"""
server:
  ip-address: 127.0.0.1
  ip-address: ::1
  port: {number}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  zonelistfile: "{folder}/zone.list"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  pidfile: ""
  logfile: ""
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: example.org
  zonefile: example.org
zone:
  name: 0.0.10.in-addr.arpa
  zonefile: reverse
""")
    with daemon(["/usr/sbin/nsd", "-d", "-c", configuration], ready=accepts(number), output=folder / "output"):
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
