"""The ldap and ldaps checks against OpenLDAP's slapd."""

from collections.abc import Iterator

import pytest

from ldirectord_py.model.checks.outcome import Reason, Verdict
from tests.peers.options import checking
from tests.peers.ports import free_port
from tests.servers.daemons import at
from tests.servers.slapd import WATCHER, Ports, slapd


@pytest.fixture(scope="module")
def ports() -> Iterator[Ports]:
    with slapd() as both:
        yield both


LOGIN = {"login": WATCHER, "passwd": "hush"}
BASE = "dc=example,dc=org"
SERVED = {
    "anonymous": ({}, "read the root DSE"),
    "an attribute": ({"receive": "^namingContexts: dc=example,dc=org$"}, "read the root DSE, an attribute matches"),
    "an entry": (LOGIN | {"request": f"/{BASE}"}, f"read '{BASE}'"),
    "an entry's name": (
        LOGIN | {"request": "DC=example, dc=org", "receive": f"^{BASE}$"},
        f"read '{BASE}', which matches",
    ),
    "an entry's attribute": (
        LOGIN | {"request": BASE, "receive": "^description: I'm alive!$"},
        f"read '{BASE}', an attribute matches",
    ),
}
NOT_SERVED = {
    "wrong password": (
        LOGIN | {"passwd": "wrong"},
        Reason.STATUS,
        "bind answered with invalidCredentials (49), expected success",
    ),
    "unknown login": (
        LOGIN | {"login": f"cn=nobody,{BASE}"},
        Reason.STATUS,
        "bind answered with invalidCredentials (49)",
    ),
    "no right": ({"request": BASE}, Reason.STATUS, f"search for '{BASE}' answered with noSuchObject (32)"),
    "no such entry": (
        LOGIN | {"request": f"ou=nowhere,{BASE}"},
        Reason.STATUS,
        f"search for 'ou=nowhere,{BASE}' answered with noSuchObject (32), expected success",
    ),
    "no name": ({"request": "nonsense"}, Reason.STATUS, "search for 'nonsense' answered with invalidDNSyntax (34)"),
    "nothing matches": (
        {"receive": "dc=elsewhere"},
        Reason.MISMATCH,
        "the entry's name does not match 'dc=elsewhere': it is empty; nor does an attribute",
    ),
}


def port_of(ports: Ports, service: str) -> int:
    return ports.ldap if service == "ldap" else ports.ldaps


@pytest.mark.parametrize(("words", "detail"), SERVED.values(), ids=SERVED.keys())
@pytest.mark.parametrize("service", ["ldap", "ldaps"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_directory_that_answers_is_up(ports, address, service, words, detail) -> None:
    async with checking() as check:
        outcome = await check(at(port_of(ports, service), address), service=service, **words)
    assert (outcome.verdict, outcome.detail) == (Verdict.UP, detail), outcome


@pytest.mark.parametrize(("words", "reason", "detail"), NOT_SERVED.values(), ids=NOT_SERVED.keys())
@pytest.mark.parametrize("service", ["ldap", "ldaps"])
async def test_a_directory_that_says_no_is_down(ports, service, words, reason, detail) -> None:
    async with checking() as check:
        outcome = await check(at(port_of(ports, service)), service=service, **words)
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, reason), outcome
    assert detail in outcome.detail


async def test_a_server_may_be_told_which_name_it_is_asked_for(ports) -> None:
    async with checking() as check:
        outcome = await check(at(ports.ldaps), service="ldaps", virtualhost="ldap.example.org")
    assert outcome.verdict is Verdict.UP, outcome


async def test_tls_the_wrong_way_round_is_down(ports) -> None:
    async with checking() as check:
        plain_to_tls = await check(at(ports.ldaps), service="ldap")
        tls_to_plain = await check(at(ports.ldap), service="ldaps")
    assert plain_to_tls.verdict is tls_to_plain.verdict is Verdict.DOWN
    assert plain_to_tls.reason is Reason.CLOSED
    assert tls_to_plain.reason is Reason.CLOSED


@pytest.mark.parametrize("service", ["ldap", "ldaps"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_where_nobody_listens_the_server_is_down(address, service) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), service=service)
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.REFUSED), outcome
