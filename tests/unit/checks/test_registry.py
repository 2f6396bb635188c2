from dataclasses import replace
from ipaddress import ip_address

import pytest

from ldirectord_py.checks.connect import Connect
from ldirectord_py.checks.external import _RUN_SCRIPT, External
from ldirectord_py.checks.ftp.driver import Ftp
from ldirectord_py.checks.http.conversation import Http, SecretHttp
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.ping import Ping
from ldirectord_py.checks.registry import SERVICES, InvalidOption, plan, service_for_port, standard_port
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions, CheckType
from ldirectord_py.model.checks.check_plan import Alternating, Always, Never, Repeated
from ldirectord_py.model.checks.conversation import Transport
from ldirectord_py.model.checks.outcome import Reason, Verdict
from ldirectord_py.model.checks.probe import CheckTarget, FixedOutcome, Origin, Probe, TlsOptions
from ldirectord_py.model.service import AddressKey, MarkKey, Protocol, VirtualKey

REAL = Endpoint(ip_address("10.0.0.5"), 8080)
REAL6 = Endpoint(ip_address("fd00::5"), 8080)
TCP = AddressKey(Protocol.TCP, Endpoint(ip_address("10.0.0.1"), 80))
UDP = AddressKey(Protocol.UDP, Endpoint(ip_address("10.0.0.1"), 53))
MARK = MarkKey(7)
HTTP = CheckOptions(service="http")
CONNECTED = Probe(check=Connect(), target=CheckTarget(endpoint=REAL), timeout=5, asked="connect to 10.0.0.5:8080")
PINGED = Probe(
    check=Ping(),
    target=CheckTarget(endpoint=REAL.at_port(0), transport=Transport.ICMP),
    timeout=5,
    asked="ping of 10.0.0.5",
)


def subject(endpoint: Endpoint = REAL, virtual: VirtualKey = TCP, **own: str) -> CheckedServer:
    return CheckedServer(virtual=virtual, endpoint=endpoint, **own)


def probed(options: CheckOptions, whom: CheckedServer | None = None) -> Probe:
    made = plan(options, whom or subject())
    assert isinstance(made, Repeated)
    return made.probe


def http(options: CheckOptions = HTTP, whom: CheckedServer | None = None) -> Http:
    check = probed(options, whom).check
    assert isinstance(check, Http)
    return check


def page(kind=Http, **options) -> Http:
    return kind(**{"server": REAL, "host": "10.0.0.5", **options})


def test_services_stand_at_their_ports() -> None:
    ports = {
        "dns": 53,
        "ftp": 21,
        "http": 80,
        "https": 443,
        "http_proxy": 3128,
        "imap": 143,
        "imaps": 993,
        "ldap": 389,
        "ldaps": 636,
        "mysql": 3306,
        "nntp": 119,
        "none": None,
        "oracle": 1521,
        "pop": 110,
        "pops": 995,
        "radius": 1812,
        "pgsql": 5432,
        "simpletcp": None,
        "sip": 5060,
        "smtp": 25,
        "submission": 587,
    }
    extensions = {"grpc": None, "grpcs": None, "redis": 6379, "rediss": 6379, "udp": None}
    assert {service: standard_port(service) for service in SERVICES} == ports | extensions
    assert list(SERVICES) == [*ports, *extensions]
    assert all(service_for_port(port) == service for service, port in ports.items() if port)
    assert {service_for_port(port) for port in (8080, 0, *filter(None, extensions.values()))} == {"none"}


PLANS = {
    "on": (CheckOptions(checktype=CheckType.ON), TCP, Always()),
    "off": (CheckOptions(checktype=CheckType.OFF), TCP, Never()),
    "nothing to ask": (CheckOptions(), TCP, Always()),
    "negotiate": (
        replace(HTTP, interval=3),
        TCP,
        Repeated(
            probe=Probe(check=page(), target=CheckTarget(endpoint=REAL), asked="GET http://10.0.0.5:8080/", timeout=30),
            interval=3,
        ),
    ),
    "connect": (CheckOptions(checktype=CheckType.CONNECT), TCP, Repeated(probe=CONNECTED, interval=10)),
    "connect to https": (
        CheckOptions(checktype=CheckType.CONNECT, service="https"),
        TCP,
        Repeated(probe=CONNECTED, interval=10),
    ),
    "connect, mark": (CheckOptions(checktype=CheckType.CONNECT), MARK, Repeated(probe=CONNECTED, interval=10)),
    "connect, udp": (CheckOptions(checktype=CheckType.CONNECT), UDP, Repeated(probe=PINGED, interval=10)),
    "ping": (
        CheckOptions(checktype=CheckType.PING, checkcount=3),
        TCP,
        Repeated(probe=replace(PINGED, attempts=3), interval=10),
    ),
    "combined": (
        CheckOptions(checktype=CheckType.COMBINED, connects=3, service="http", negotiatetimeout=7),
        TCP,
        Alternating(
            negotiate=Probe(
                check=page(), target=CheckTarget(endpoint=REAL), asked="GET http://10.0.0.5:8080/", timeout=7
            ),
            connect=CONNECTED,
            connects=3,
            interval=10,
        ),
    ),
    "combined without connects": (
        CheckOptions(checktype=CheckType.COMBINED, connects=0, service="http"),
        TCP,
        Repeated(
            probe=Probe(check=page(), target=CheckTarget(endpoint=REAL), asked="GET http://10.0.0.5:8080/", timeout=30),
            interval=10,
        ),
    ),
    "combined, none": (
        CheckOptions(checktype=CheckType.COMBINED, connects=3),
        TCP,
        Repeated(probe=CONNECTED, interval=10),
    ),
    "combined, none, without connects": (CheckOptions(checktype=CheckType.COMBINED), TCP, Always()),
    "combined, none, udp": (CheckOptions(checktype=CheckType.COMBINED, connects=3), UDP, Always()),
    "external": (
        CheckOptions(checktype=CheckType.EXTERNAL, checkcommand="/c k", checkport=99),
        TCP,
        Repeated(
            probe=Probe(
                check=External(argv=("/c k", "10.0.0.1", "80", "10.0.0.5", "8080")),
                timeout=5,
                asked="external check /c k",
            ),
            interval=10,
        ),
    ),
    "external, mark": (
        CheckOptions(checktype=CheckType.EXTERNAL, checktimeout=9),
        MARK,
        Repeated(
            probe=Probe(
                check=External(argv=("/bin/true", "7", "0", "10.0.0.5", "8080")),
                timeout=9,
                asked="external check /bin/true",
            ),
            interval=10,
        ),
    ),
    "external-perl": (
        CheckOptions(checktype=CheckType.EXTERNAL_PERL, checkcommand="/c.pl"),
        TCP,
        Repeated(
            probe=Probe(
                check=External(
                    argv=("perl", "-e", _RUN_SCRIPT, "/c.pl", "10.0.0.1", "80", "10.0.0.5", "8080"), script="/c.pl"
                ),
                timeout=5,
                asked="external check /c.pl",
            ),
            interval=10,
        ),
    ),
}


@pytest.mark.parametrize(("options", "virtual", "expected"), PLANS.values(), ids=PLANS.keys())
def test_the_plan_follows_the_checktype(options, virtual, expected) -> None:
    assert plan(options, subject(virtual=virtual)) == expected


def test_connects_over_udp_are_pauses() -> None:
    made = plan(CheckOptions(checktype=CheckType.COMBINED, connects=3, service="http"), subject(virtual=UDP))
    assert isinstance(made, Alternating)
    assert isinstance(made.connect.check, FixedOutcome)
    assert made.connect.check.outcome.verdict is Verdict.UP


def test_external_checks_of_ipv6_have_brackets() -> None:
    virtual = AddressKey(Protocol.TCP, Endpoint(ip_address("fd00::1"), 80))
    check = probed(CheckOptions(checktype=CheckType.EXTERNAL), subject(REAL6.at_port(0), virtual)).check
    assert check == External(argv=("/bin/true", "[fd00::1]", "80", "[fd00::5]", "0"))


def test_pings_of_ipv6_are_icmpv6() -> None:
    assert probed(CheckOptions(checktype=CheckType.PING), subject(REAL6)).check == Ping(family=6)


@pytest.mark.parametrize(
    ("checkport", "port", "service", "asked"),
    [
        (99, 8080, "http", 99),
        (None, 8080, "http", 8080),
        (None, 0, "http", 80),
        (None, 0, "https", 443),
        (None, 0, "http_proxy", 3128),
    ],
)
@pytest.mark.parametrize("checktype", [CheckType.NEGOTIATE, CheckType.CONNECT])
def test_the_port_is_checkport_or_the_reals_or_the_standard(checkport, port, service, asked, checktype) -> None:
    options = CheckOptions(checktype=checktype, service=service, checkport=checkport, request="http://x/")
    target = probed(options, subject(REAL.at_port(port))).target
    assert target is not None
    assert target.endpoint == REAL.at_port(asked)


@pytest.mark.parametrize("service", ["grpc", "grpcs", "udp"])
@pytest.mark.parametrize("checktype", [CheckType.NEGOTIATE, CheckType.CONNECT, CheckType.COMBINED])
def test_an_extension_without_any_port_is_refused(service: str, checktype: CheckType) -> None:
    options = CheckOptions(checktype=checktype, connects=2, service=service)
    if (service, checktype) == ("udp", CheckType.CONNECT):
        assert probed(options, subject(REAL.at_port(0))) == PINGED
        return
    with pytest.raises(InvalidOption, match=f"^service {service} has no port of its own: ") as refused:
        plan(options, subject(REAL.at_port(0)))
    assert refused.value.directive == "checkport"


def test_a_udp_port_is_not_connected_to_whatever_the_virtuals_protocol() -> None:
    made = plan(CheckOptions(checktype=CheckType.COMBINED, connects=3, service="udp"), subject(virtual=TCP))
    assert isinstance(made, Alternating)
    assert isinstance(made.connect.check, FixedOutcome)


@pytest.mark.parametrize("virtual", [TCP, MARK])
def test_without_any_port_the_server_is_down_and_the_reason_says_what_to_do(virtual) -> None:
    check = probed(CheckOptions(checktype=CheckType.CONNECT), subject(REAL.at_port(0), virtual)).check
    assert isinstance(check, FixedOutcome)
    assert check.outcome.reason is Reason.REFUSED
    assert check.outcome.detail == "no port to check: give the real server a port, or set checkport"


def test_an_unknown_service_is_refused() -> None:
    with pytest.raises(InvalidOption, match=r"^expected one of dns, ftp, .*, but got 'gopher'$"):
        plan(CheckOptions(service="gopher"), subject())


ALICE = "Basic YWxpY2U6YTpi"
"""User alice with the password a:b, RFC 7617."""

PAGES = {
    "plain": (HTTP, subject(), page()),
    "ipv6": (HTTP, subject(REAL6), page(server=REAL6, host="[fd00::5]")),
    "virtualhost": (replace(HTTP, virtualhost="www.x:81"), subject(), page(host="www.x:81")),
    "empty virtualhost": (replace(HTTP, virtualhost=""), subject(), page(host="")),
    "virtualhost from a CRLF file": (replace(HTTP, virtualhost="www.x\r"), subject(), page(host="www.x")),
    "head": (replace(HTTP, httpmethod="head"), subject(), page(method="HEAD")),
    "receive": (replace(HTTP, receive="a.c"), subject(), page(receive=Receive(b"a.c"))),
    "own pair": (
        replace(HTTP, request="/x", receive="x"),
        subject(request="/y", receive="y"),
        page(target="/y", receive=Receive(b"y")),
    ),
    "own request": (
        replace(HTTP, request="/x", receive="x"),
        subject(request="/y"),
        page(target="/y", receive=Receive(b"x")),
    ),
    "own pair without receive": (replace(HTTP, receive="x"), subject(request="/y", receive=""), page(target="/y")),
    "escaped": (
        replace(HTTP, request='/a b?c="d"&e=%20|ü#f'),
        subject(),
        page(target="/a%20b?c=%22d%22&e=%20%7C%C3%BC"),
    ),
    "raw bytes": (replace(HTTP, request="/\udcfc"), subject(), page(target="/%FC")),
    "no slash": (replace(HTTP, request="x"), subject(), page(target="/x")),
    "a URL as the section's request is a path": (
        replace(HTTP, request="/http://x/"),
        subject(),
        page(target="/http://x/"),
    ),
    "own URL with an address": (
        HTTP,
        subject(request="/http://10.0.0.2:81/y?z", receive=""),
        page(server=Endpoint(ip_address("10.0.0.2"), 81), host="10.0.0.2:81", target="/y?z"),
    ),
    "own URL with an IPv6 address": (
        HTTP,
        subject(request="http://[fd00::2]/", receive=""),
        page(server=Endpoint(ip_address("fd00::2"), 80), host="[fd00::2]", target="/"),
    ),
    "own URL with a name": (
        replace(HTTP, checkport=81),
        subject(request="/http://x.y", receive=""),
        page(server=REAL.at_port(81), host="x.y"),
    ),
    "own URL with name and password": (
        HTTP,
        subject(request="http://al%69ce:a%3Ab@10.0.0.2/y", receive=""),
        page(
            SecretHttp, server=Endpoint(ip_address("10.0.0.2"), 80), host="10.0.0.2", target="/y", authorization=ALICE
        ),
    ),
    "own URL with two slashes": (HTTP, subject(request="http://x.y//z"), page(host="x.y", target="//z")),
    "own URL and virtualhost": (
        replace(HTTP, virtualhost="v"),
        subject(request="/http://x.y/z", receive=""),
        page(host="v", target="/z"),
    ),
    "proxy": (
        CheckOptions(service="http_proxy", request="/http://x.y/z z", virtualhost="v"),
        subject(),
        page(host="x.y", target="http://x.y/z%20z"),
    ),
    "proxy, without path": (
        CheckOptions(service="http_proxy", request="/http://x.y?z#f"),
        subject(),
        page(host="x.y", target="http://x.y/?z"),
    ),
    "proxy, with name and password": (
        CheckOptions(service="http_proxy", request="/http://alice:a:b@x.y:81/z"),
        subject(),
        page(SecretHttp, host="x.y:81", target="http://x.y:81/z", authorization=ALICE),
    ),
    "proxy, own URL": (
        CheckOptions(service="http_proxy"),
        subject(request="/http://x.y:1/"),
        page(host="x.y:1", target="http://x.y:1/"),
    ),
    "proxy, own path": (
        CheckOptions(service="http_proxy"),
        subject(request="/z"),
        page(host="10.0.0.5:8080", target="http://10.0.0.5:8080/z"),
    ),
}


@pytest.mark.parametrize(("options", "whom", "expected"), PAGES.values(), ids=PAGES.keys())
def test_the_page_is_asked_for_as_configured(options: CheckOptions, whom: CheckedServer, expected: Http) -> None:
    assert http(options, whom) == expected
    target = probed(options, whom).target
    assert target == CheckTarget(endpoint=expected.server)


@pytest.mark.parametrize(
    ("virtualhost", "name"),
    [
        (None, None),
        ("www.x.org", "www.x.org"),
        ("www.x.org:8443", "www.x.org"),
        ("10.0.0.1", None),
        ("[fd00::1]", None),
        ("", None),
        ("a..b", None),
        ("über", None),
        ("a" * 64, None),
        ("my_host", "my_host"),
    ],
)
def test_https_is_http_over_tls_with_the_virtualhost_as_sni(virtualhost, name) -> None:
    probe = probed(CheckOptions(service="https", virtualhost=virtualhost))
    assert probe.target == CheckTarget(endpoint=REAL, transport=Transport.TLS, tls=TlsOptions(server_name=name))
    assert probe.check == page(scheme="https", host="10.0.0.5" if virtualhost is None else virtualhost)


def test_a_proxy_without_a_url_is_down_and_says_why() -> None:
    check = probed(CheckOptions(service="http_proxy")).check
    assert isinstance(check, FixedOutcome)
    assert check.outcome.detail.startswith("service http_proxy needs the whole URL to ask for")


@pytest.mark.parametrize(
    ("options", "whom", "directive"),
    [
        (replace(HTTP, receive="("), subject(), "receive"),
        (HTTP, subject(receive="("), "receive"),
        (replace(HTTP, virtualhost="a\nb"), subject(), "virtualhost"),
        (HTTP, subject(request="/http://x:y/"), "request"),
        (HTTP, subject(request="/http://[::1/"), "request"),
        (CheckOptions(checktype=CheckType.EXTERNAL, checkcommand="a\0b"), subject(), "checkcommand"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_directive(options, whom, directive) -> None:
    with pytest.raises(InvalidOption) as refused:
        plan(options, whom)
    assert refused.value.directive == directive


def test_checks_of_one_server_are_shared_whichever_virtual_they_come_from() -> None:
    options = replace(HTTP, receive="a.c")
    for checktype in (CheckType.NEGOTIATE, CheckType.CONNECT, CheckType.PING):
        probes = {probed(replace(options, checktype=checktype), subject(virtual=virtual)) for virtual in (TCP, MARK)}
        assert len(probes) == 1
    assert probed(options) != probed(replace(options, negotiatetimeout=31))
    assert probed(options) != probed(replace(options, virtualhost="x"))
    assert probed(options) == probed(replace(options, checktimeout=31, interval=1))


@pytest.mark.parametrize("service", ["https", "imaps", "ldaps", "pops"])
def test_each_service_over_tls_does_as_the_section_says(service) -> None:
    tls = TlsOptions(verify=True, server_name="www.example.org")
    assert probed(CheckOptions(service=service, tls=tls)).target == CheckTarget(
        endpoint=REAL, transport=Transport.TLS, tls=tls
    )


SOURCE = ip_address("10.0.0.254")
ORIGIN = Origin(address=SOURCE, device="eth1")


@pytest.mark.parametrize(
    "options",
    [
        CheckOptions(service="http"),
        CheckOptions(service="https"),
        CheckOptions(service="dns", request="/example.org"),
        CheckOptions(checktype=CheckType.CONNECT),
        CheckOptions(checktype=CheckType.PING),
    ],
    ids=["tcp", "tls", "udp", "connect", "ping"],
)
def test_every_conversation_sets_out_from_where_the_section_says(options) -> None:
    plain = probed(options)
    probe = probed(replace(options, checksource=SOURCE, checkdevice="eth1"))
    assert probe.target == replace(plain.target, origin=ORIGIN)
    assert probe != plain
    assert probe == probed(replace(options, checksource=SOURCE, checkdevice="eth1"))


def test_both_checks_of_a_combined_plan_set_out_from_there() -> None:
    options = replace(HTTP, checktype=CheckType.COMBINED, connects=3, checkdevice="eth1")
    made = plan(options, subject())
    assert isinstance(made, Alternating)
    assert [probe.target.origin for probe in (made.negotiate, made.connect)] == [Origin(device="eth1")] * 2


def test_ftp_sets_out_from_there_too() -> None:
    check = probed(CheckOptions(service="ftp", checksource=SOURCE)).check
    assert isinstance(check, Ftp)
    assert check.origin == Origin(address=SOURCE)


@pytest.mark.parametrize(
    ("options", "whom", "directive", "sentence"),
    [
        (
            CheckOptions(service="mysql", login="a", request="/select 1", checksource=SOURCE),
            subject(),
            "checksource",
            "this does not work with service=mysql; write checksource=none in its section",
        ),
        (
            CheckOptions(service="pgsql", login="a", request="/select 1", checkdevice="eth1"),
            subject(),
            "checkdevice",
            "this does not work with service=pgsql; write checkdevice=none in its section",
        ),
        (
            CheckOptions(checktype=CheckType.EXTERNAL, checkdevice="eth1"),
            subject(),
            "checkdevice",
            "this does not work with checktype=external; write checkdevice=none in its section",
        ),
        (
            replace(HTTP, checksource=SOURCE),
            subject(REAL6),
            "checksource",
            "expected an IPv6 address, as its real servers have, but got 10.0.0.254",
        ),
        (
            CheckOptions(checktype=CheckType.PING, checksource=ip_address("fd00::254")),
            subject(),
            "checksource",
            "expected an IPv4 address, as its real servers have, but got fd00::254",
        ),
    ],
)
def test_what_cannot_set_out_from_there_is_refused_and_never_ignored(options, whom, directive, sentence) -> None:
    with pytest.raises(InvalidOption) as refused:
        plan(options, whom)
    assert (refused.value.directive, str(refused.value)) == (directive, sentence)


@pytest.mark.parametrize(
    "options", [CheckOptions(), CheckOptions(checktype=CheckType.OFF), CheckOptions(service="http_proxy")]
)
def test_where_nothing_is_sent_it_does_not_matter_from_where(options) -> None:
    assert plan(replace(options, checksource=SOURCE), subject()) == plan(options, subject())


@pytest.mark.parametrize("service", SERVICES)
def test_every_builder_is_there(service: str) -> None:
    build = SERVICES[service].build
    assert callable(getattr(build, "builder", build))
