"""The services that can be checked, one row each, and the plan that follows from a configuration's words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import assert_never

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.building.source_binding import setting_out
from ldirectord_py.checks.connect import Connect
from ldirectord_py.checks.ping import Ping
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.check_options import CheckedServer, CheckOptions, CheckType
from ldirectord_py.model.check_plan import Alternating, Always, CheckPlan, Never, Repeated
from ldirectord_py.model.conversation import Transport
from ldirectord_py.model.outcome import Reason, down, up
from ldirectord_py.model.probe import FixedOutcome, Probe, Target
from ldirectord_py.model.service import AddressKey, Protocol

Build = Callable[[CheckOptions, CheckedServer, Endpoint], Probe]
"""Makes the probe of a service: how it is asked, who is asked, and at which address and port.

Raises `InvalidOption`.
"""


@dataclass(frozen=True, slots=True)
class _Later:
    """A builder whose module is imported when a configuration asks for it: all of them take longer than the rest."""

    module: str
    name: str

    def __call__(self, options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
        return self.builder(options, server, endpoint)

    @property
    def builder(self) -> Build:
        """The builder itself."""
        found: Build = getattr(import_module(f"ldirectord_py.checks.{self.module}"), self.name)
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """One value of the directive `service`."""

    service: str
    port: int | None
    """Where it is served as a rule; None: nowhere in particular."""
    transport: Transport
    """As a rule; where the virtual's protocol decides, the builder says so."""
    summary: str
    build: Build


def _unchecked(options: CheckOptions, _subject: CheckedServer, _endpoint: Endpoint) -> Probe:
    return Probe(check=FixedOutcome(outcome=up("not checked")), timeout=options.negotiatetimeout)


_ROWS = (
    Row(
        "dns",
        53,
        Transport.UDP,
        "A name is resolved to an address that matches",
        _Later("dns.builder", "build_dns"),
    ),
    Row("ftp", 21, Transport.TCP, "A file is fetched and matches", _Later("ftp.driver", "build_ftp")),
    Row(
        "http",
        80,
        Transport.TCP,
        "A page is fetched with a 2xx status and matches",
        _Later("http.builder", "build_http"),
    ),
    Row("https", 443, Transport.TLS, "As http, over TLS", _Later("http.builder", "build_https")),
    Row(
        "http_proxy",
        3128,
        Transport.TCP,
        "A page is fetched through the server",
        _Later("http.builder", "build_http_proxy"),
    ),
    Row(
        "imap",
        143,
        Transport.TCP,
        "The server greets and, with a login, lets it in",
        _Later("imap", "build_imap"),
    ),
    Row("imaps", 993, Transport.TLS, "As imap, over TLS", _Later("imap", "build_imaps")),
    Row(
        "ldap",
        389,
        Transport.TCP,
        "An entry is read and matches by its name or an attribute",
        _Later("ldap.conversation", "build_ldap"),
    ),
    Row("ldaps", 636, Transport.TLS, "As ldap, over TLS", _Later("ldap.conversation", "build_ldaps")),
    Row("mysql", 3306, Transport.TCP, "A statement returns at least one row", _Later("databases.mysql", "build_mysql")),
    Row("nntp", 119, Transport.TCP, "The server greets with a 2xx code", _Later("nntp", "build_nntp")),
    Row("none", None, Transport.TCP, "Nothing is asked, the server counts as up", _unchecked),
    Row(
        "oracle",
        1521,
        Transport.TCP,
        "A statement returns at least one row",
        _Later("databases.oracle", "build_oracle"),
    ),
    Row(
        "pop",
        110,
        Transport.TCP,
        "The server greets and, with a login, lets it in",
        _Later("pop", "build_pop"),
    ),
    Row("pops", 995, Transport.TLS, "As pop, over TLS", _Later("pop", "build_pops")),
    Row("radius", 1812, Transport.UDP, "A user is accepted", _Later("radius.conversation", "build_radius")),
    Row("pgsql", 5432, Transport.TCP, "A statement returns at least one row", _Later("databases.pgsql", "build_pgsql")),
    Row(
        "simpletcp",
        None,
        Transport.TCP,
        "A text is sent and a line of the answer matches",
        _Later("simpletcp", "build_simpletcp"),
    ),
    Row("sip", 5060, Transport.TCP, "OPTIONS is answered with 200 OK", _Later("sip.conversation", "build_sip")),
    Row(
        "smtp",
        25,
        Transport.TCP,
        "The server greets and answers EHLO with a 2xx code",
        _Later("smtp", "build_smtp"),
    ),
    Row(
        "submission",
        587,
        Transport.TCP,
        "As smtp, at the port for mail programs",
        _Later("smtp", "build_smtp"),
    ),
)
_EXTENSIONS = (
    Row(
        "grpc",
        None,
        Transport.TCP,
        "The health service of gRPC answers SERVING",
        _Later("grpc.builder", "build_grpc"),
    ),
    Row("grpcs", None, Transport.TLS, "As grpc, over TLS", _Later("grpc.builder", "build_grpcs")),
    Row(
        "redis",
        6379,
        Transport.TCP,
        "A command is answered without an error and matches",
        _Later("redis.conversation", "build_redis"),
    ),
    Row("rediss", 6379, Transport.TLS, "As redis, over TLS", _Later("redis.conversation", "build_rediss")),
    Row(
        "udp",
        None,
        Transport.UDP,
        "A datagram is sent, and one comes back and matches",
        _Later("udp", "build_udp"),
    ),
)
"""Services that the original does not have: no virtual has one unless its section says so, whatever its port."""

_EXTERNAL = _Later("external", "build")
_EXTERNAL_PERL = _Later("external", "build_perl")

SERVICES: Mapping[str, Row] = MappingProxyType({row.service: row for row in (*_ROWS, *_EXTENSIONS)})
_SERVICE_BY_PORT: Mapping[int, str] = {row.port: row.service for row in _ROWS if row.port is not None}


def service_for_port(port: int) -> str:
    """Return the service that a virtual at *port* has where its section names none."""
    return _SERVICE_BY_PORT.get(port, "none")


def standard_port(service: str) -> int | None:
    """Return the port at which *service* is asked where neither `checkport` nor the real server's line says."""
    return SERVICES[service].port


def plan(options: CheckOptions, server: CheckedServer) -> CheckPlan:
    """Return what to ask *server*, and in which order.

    Raises `InvalidOption` where that cannot be asked; its sentence is for whoever wrote the configuration.
    """
    match options.checktype:
        case CheckType.ON:
            return Always()
        case CheckType.OFF:
            return Never()
        case CheckType.COMBINED:
            return _combined(options, server)
        case CheckType.NEGOTIATE if options.service == "none":
            return Always()
        case _:
            return Repeated(probe=_single(options, server), interval=options.interval)


def _single(options: CheckOptions, server: CheckedServer) -> Probe:
    """Return the one probe of a checktype that has one."""
    match options.checktype:
        case CheckType.NEGOTIATE:
            return _negotiate(options, server)
        case CheckType.CONNECT:
            return _ping(options, server) if _is_udp(options, server) else _connect(options, server)
        case CheckType.PING:
            return _ping(options, server)
        case CheckType.EXTERNAL:
            return setting_out(options, _EXTERNAL(options, server, server.endpoint))
        case CheckType.EXTERNAL_PERL:
            return setting_out(options, _EXTERNAL_PERL(options, server, server.endpoint))
        case CheckType.ON | CheckType.OFF | CheckType.COMBINED:
            raise AssertionError(f"checktype {options.checktype} is not one probe")
        case _:
            assert_never(options.checktype)


def _combined(options: CheckOptions, server: CheckedServer) -> CheckPlan:
    """Return negotiations with connects between them.

    Over UDP every connect succeeds, so those are mere pauses between the negotiations.  With service none every
    negotiation succeeds and would let a dead server in again after each failed connect; so connects alone remain.
    """
    unconnected = _is_udp(options, server)
    if options.service == "none":
        if unconnected or not options.connects:
            return Always()
        return Repeated(probe=_connect(options, server), interval=options.interval)
    negotiate = _negotiate(options, server)
    if not options.connects:
        return Repeated(probe=negotiate, interval=options.interval)
    connect = _pause(options) if unconnected else _connect(options, server)
    return Alternating(negotiate=negotiate, connect=connect, connects=options.connects, interval=options.interval)


def _negotiate(options: CheckOptions, server: CheckedServer) -> Probe:
    if (port := _check_port(options, server)) is None:
        return _nowhere(options)
    return setting_out(options, _row(options).build(options, server, server.endpoint.at_port(port)))


def _connect(options: CheckOptions, server: CheckedServer) -> Probe:
    if (port := _check_port(options, server)) is None:
        return _nowhere(options)
    target = Target(endpoint=server.endpoint.at_port(port))
    asked = f"connect to {target.endpoint}"
    return setting_out(options, Probe(check=Connect(), target=target, timeout=options.checktimeout, asked=asked))


def _ping(options: CheckOptions, server: CheckedServer) -> Probe:
    # Without the port, so that all the services of one machine share its ping.
    target = Target(endpoint=server.endpoint.at_port(0), transport=Transport.ICMP)
    probe = Probe(
        check=Ping(family=6 if target.endpoint.address.version == 6 else 4),
        target=target,
        timeout=options.checktimeout,
        attempts=options.checkcount,
        asked=f"ping of {target.endpoint.address}",
    )
    return setting_out(options, probe)


def _pause(options: CheckOptions) -> Probe:
    return Probe(check=FixedOutcome(outcome=up("nothing to connect to over UDP")), timeout=options.checktimeout)


def _nowhere(options: CheckOptions) -> Probe:
    """Return a check that is always down, as the original's connection to port 0 is; an extension is refused."""
    if _row(options) in _EXTENSIONS:
        sentence = f"service {options.service} has no port of its own: give the real server one, or set checkport"
        raise InvalidOption("checkport", sentence)
    sentence = "no port to check: give the real server a port, or set checkport"
    return Probe(check=FixedOutcome(outcome=down(Reason.REFUSED, sentence)), timeout=options.checktimeout)


def _check_port(options: CheckOptions, server: CheckedServer) -> int | None:
    return options.checkport or server.endpoint.port or _row(options).port


def _row(options: CheckOptions) -> Row:
    try:
        return SERVICES[options.service]
    except KeyError:
        sentence = f"expected one of {', '.join(SERVICES)}, but got {options.service!r}"
        raise InvalidOption("service", sentence) from None


def _is_udp(options: CheckOptions, server: CheckedServer) -> bool:
    """Return whether a connection would tell nothing: the server is asked over UDP, which has none."""
    if options.service == "udp":
        return True
    return isinstance(server.virtual, AddressKey) and server.virtual.protocol is Protocol.UDP


__all__ = ["SERVICES", "Build", "InvalidOption", "Row", "plan", "service_for_port", "standard_port"]
