"""The sentence that says what a check asks: exact, and without anything that is nobody's business."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from ldirectord_py.checks.building.request_texts import LONGEST
from ldirectord_py.checks.registry import SERVICES, plan
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions, CheckType, Header
from ldirectord_py.model.checks.check_plan import Repeated
from ldirectord_py.model.service import AddressKey, Protocol

REAL = Endpoint(ip_address("10.0.0.5"), 8080)
REAL6 = Endpoint(ip_address("fd00::5"), 8080)
TCP = AddressKey(Protocol.TCP, Endpoint(ip_address("10.0.0.1"), 80))
UDP = AddressKey(Protocol.UDP, Endpoint(ip_address("10.0.0.1"), 80))
LOGIN = {"login": "alice", "passwd": "rabbit-hole", "secret": "looking-glass"}


def asked(options: CheckOptions, subject: CheckedServer) -> str:
    made = plan(options, subject)
    assert isinstance(made, Repeated)
    return made.probe.asked


EXACT: dict[str, list[tuple[dict[str, object], CheckedServer, str]]] = {}


def exact(service: str, words: dict[str, object], sentence: str, **subject: object) -> None:
    whom = CheckedServer(**{"virtual": TCP, "endpoint": REAL, **subject})
    EXACT.setdefault(service, []).append((words, whom, sentence))


exact("http", {"request": "/alive.html?deep=1"}, "GET http://10.0.0.5:8080/alive.html?deep=1")
exact("http", {"httpmethod": "HEAD"}, "HEAD http://[fd00::5]:8080/", endpoint=REAL6)
exact("http", {"virtualhost": "www.example.org"}, "GET http://10.0.0.5:8080/ (Host: www.example.org)")
exact("http", {}, "GET http://10.0.0.9:81/own", request="http://10.0.0.9:81/own")
exact("http", {}, "GET http://10.0.0.5:8080/own (Host: www.example.org)", request="http://www.example.org/own")
exact("https", {"request": "/a b"}, "GET https://10.0.0.5:8080/a%20b")
exact("http_proxy", {"request": "http://example.org/x"}, "GET http://example.org/x through 10.0.0.5:8080")
exact("dns", {"request": "example.org"}, "query of example.org A at 10.0.0.5:8080 over TCP")
exact("dns", {"request": "example.org AAAA"}, "query of example.org AAAA at 10.0.0.5:8080", virtual=UDP)
exact("ftp", {"request": "/welcome.txt"}, "ftp file /welcome.txt of 10.0.0.5:8080")
exact("ftp", {}, "ftp login at 10.0.0.5:8080")
exact("imap", {}, "imap greeting of 10.0.0.5:8080")
exact("imaps", LOGIN, "imaps login at 10.0.0.5:8080")
exact("imap", LOGIN, "imap login at 10.0.0.5:8080")
exact("ldap", {}, "ldap entry (root DSE) of 10.0.0.5:8080")
exact("ldaps", {"request": "dc=example", **LOGIN}, "ldaps entry dc=example of 10.0.0.5:8080")
exact("mysql", {"request": "SELECT 1", **LOGIN}, "mysql statement at 10.0.0.5:8080")
exact("nntp", {}, "nntp greeting of 10.0.0.5:8080")
exact("oracle", {"request": "SELECT 1", **LOGIN}, "oracle statement at 10.0.0.5:8080")
exact("pop", {}, "pop greeting of 10.0.0.5:8080")
exact("pops", LOGIN, "pops login at 10.0.0.5:8080")
exact("radius", LOGIN, "radius login at 10.0.0.5:8080")
exact("pgsql", {"request": "SELECT 1", **LOGIN}, "pgsql statement at 10.0.0.5:8080")
exact("simpletcp", {"request": "PING"}, "simpletcp answer of 10.0.0.5:8080")
exact("simpletcp", {"request": "PING"}, "simpletcp answer of 10.0.0.5:8080 over UDP", virtual=UDP)
exact("sip", LOGIN, "sip OPTIONS of 10.0.0.5:8080")
exact("smtp", {}, "smtp greeting and EHLO of 10.0.0.5:8080")
exact("submission", {}, "submission greeting and EHLO of 10.0.0.5:8080")
exact("grpc", {}, "grpc health of the whole server at 10.0.0.5:8080")
exact("grpcs", {"request": "shop.Cart"}, "grpcs health of shop.Cart at 10.0.0.5:8080")
exact("redis", {"request": "AUTH rabbit-hole"}, "redis AUTH at 10.0.0.5:8080")
exact("rediss", {}, "rediss PING at 10.0.0.5:8080")
exact("udp", {"request": "rabbit-hole"}, "udp answer of 10.0.0.5:8080")
CASES = [(service, *case) for service, cases in EXACT.items() for case in cases]


@pytest.mark.parametrize(("service", "words", "subject", "sentence"), CASES, ids=[case[3] for case in CASES])
def test_the_sentence_says_what_and_where(service, words, subject, sentence) -> None:
    assert asked(CheckOptions(service=service, **words), subject) == sentence


def test_every_service_that_asks_has_a_sentence() -> None:
    assert EXACT.keys() == SERVICES.keys() - {"none"}


@pytest.mark.parametrize(
    ("checktype", "sentence"),
    [
        (CheckType.CONNECT, "connect to 10.0.0.5:8080"),
        (CheckType.PING, "ping of 10.0.0.5"),
        (CheckType.EXTERNAL, "external check /check"),
        (CheckType.EXTERNAL_PERL, "external check /check"),
    ],
)
def test_so_has_every_checktype(checktype: CheckType, sentence: str) -> None:
    options = CheckOptions(checktype=checktype, checkcommand="/check")
    assert asked(options, CheckedServer(virtual=TCP, endpoint=REAL)) == sentence


@pytest.mark.parametrize(("service", "words", "subject", "sentence"), CASES, ids=[case[3] for case in CASES])
def test_nothing_is_shown_that_logs_in(service, words, subject, sentence) -> None:
    headers = (Header("Authorization", "Bearer rabbit-hole"),)
    shown = asked(CheckOptions(service=service, httpheaders=headers, **(LOGIN | words)), subject)
    assert not any(secret in shown for secret in LOGIN.values())


@pytest.mark.parametrize("service", ["http", "https", "http_proxy"])
@pytest.mark.parametrize("own", [True, False])
def test_a_url_is_shown_without_who_logs_in(service: str, own: bool) -> None:
    url = "http://alice:rabbit@hole@example.org/x"
    subject = CheckedServer(virtual=TCP, endpoint=REAL, request=url if own else None)
    shown = asked(CheckOptions(service=service, request="/" if own else url), subject)
    assert "example.org/x" in shown or "(Host: example.org)" in shown
    assert not any(secret in shown for secret in ("alice", "rabbit", "hole"))


VEILED = {
    "http": "GET http://10.0.0.5:8080/***",
    "http_proxy": "GET *** through 10.0.0.5:8080",
    "dns": "query of *** at 10.0.0.5:8080 over TCP",
    "ftp": "ftp file *** of 10.0.0.5:8080",
    "ldap": "ldap entry *** of 10.0.0.5:8080",
    "grpc": "grpc health of *** at 10.0.0.5:8080",
    "redis": "redis *** at 10.0.0.5:8080",
}


@pytest.mark.parametrize("service", [service for service in SERVICES if service != "none"])
@pytest.mark.parametrize("own", [True, False])
def test_a_request_that_comes_from_elsewhere_is_not_shown(service: str, own: bool) -> None:
    request = "/http://rabbit.hole/" if service == "http_proxy" else "/rabbit.hole"
    subject = CheckedServer(virtual=TCP, endpoint=REAL, request=request if own else None, redacted=own)
    options = CheckOptions(service=service, request="/x" if own else request, **LOGIN)
    shown = asked(options if own else replace(options, redacted=frozenset({"request"})), subject)
    assert "rabbit" not in shown
    assert shown == VEILED.get(service, shown)


def test_nor_are_a_host_and_a_program_that_do() -> None:
    subject = CheckedServer(virtual=TCP, endpoint=REAL)
    redacted = frozenset({"virtualhost", "checkcommand"})
    host = CheckOptions(service="http", virtualhost="rabbit.hole", redacted=redacted)
    assert asked(host, subject) == "GET http://10.0.0.5:8080/ (Host: ***)"
    program = CheckOptions(checktype=CheckType.EXTERNAL, checkcommand="/rabbit", redacted=redacted)
    assert asked(program, subject) == "external check ***"
    # A host that the real server's own request names is hidden with it.
    own = replace(subject, request="http://rabbit.hole/x", redacted=True)
    assert asked(CheckOptions(service="http"), own) == "GET http://10.0.0.5:8080/*** (Host: ***)"


def test_a_long_request_is_cut_and_stays_on_one_line() -> None:
    shown = asked(CheckOptions(service="ftp", request="/a\tb" + "x" * 500), CheckedServer(virtual=TCP, endpoint=REAL))
    assert shown.startswith(r"ftp file /a\tbxxx")
    assert "..." in shown
    assert len(shown) < LONGEST + 50
