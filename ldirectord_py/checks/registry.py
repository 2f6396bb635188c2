"""The services that can be checked, one row each, and the plan that follows from a configuration's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import assert_never

from ldirectord_py.checks.building.built_check import Build, BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.building.source_binding import with_source
from ldirectord_py.checks.connect import build_connect
from ldirectord_py.checks.ping import build_ping
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions, CheckType
from ldirectord_py.model.checks.check_plan import Alternating, Always, CheckPlan, Never, Repeated
from ldirectord_py.model.checks.conversation import Transport
from ldirectord_py.model.checks.outcome import Reason, down, up
from ldirectord_py.model.checks.probe import FixedOutcome, Probe
from ldirectord_py.model.service import AddressKey, Protocol

TCP, TLS, UDP = Transport.TCP, Transport.TLS, Transport.UDP


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One value of the directive `service`."""

    service: str
    port: int | None
    """Where it is served as a rule; None: nowhere in particular."""
    transport: Transport
    """What it is spoken over as a rule."""
    builder: str
    """The module below `checks` and the function in it that build the check; empty: nothing is asked."""
    summary: str
    follows_virtual: bool = False
    """Whether it is spoken over the virtual's protocol, where that has one."""
    checktimeout: bool = False
    """Whether `checktimeout` is its limit, as in the original; that of the others is `negotiatetimeout`."""

    def build(self, configured: ConfiguredCheck) -> BuiltCheck:
        """Return the check."""
        return _builder(self.builder)(configured)


@cache
def _builder(path: str) -> Build:
    """Return a builder; its module is imported when a configuration asks for it, for all of them take long."""
    module, _, name = path.rpartition(".")
    found: Build = getattr(import_module(f"ldirectord_py.checks.{module}"), name)
    return found


_STATEMENT = "A statement returns at least one row"
_MAILBOX = "The server greets and, with a login, lets it in"
_ENTRY = "An entry is read and matches by its name or an attribute"
_TEXT = "A text is sent and a line of the answer matches"

_ROWS = (
    ServiceRow(
        "dns", 53, UDP, "dns.builder.build_dns", "A name is resolved to an address that matches", follows_virtual=True
    ),
    ServiceRow("ftp", 21, TCP, "ftp.driver.build_ftp", "A file is fetched and matches"),
    ServiceRow("http", 80, TCP, "http.builder.build_http", "A page is fetched with a 2xx status and matches"),
    ServiceRow("https", 443, TLS, "http.builder.build_http", "As http, over TLS"),
    ServiceRow("http_proxy", 3128, TCP, "http.builder.build_http_proxy", "A page is fetched through the server"),
    ServiceRow("imap", 143, TCP, "imap.build_imap", _MAILBOX),
    ServiceRow("imaps", 993, TLS, "imap.build_imap", "As imap, over TLS"),
    ServiceRow("ldap", 389, TCP, "ldap.conversation.build_ldap", _ENTRY, checktimeout=True),
    ServiceRow("ldaps", 636, TLS, "ldap.conversation.build_ldap", "As ldap, over TLS", checktimeout=True),
    ServiceRow("mysql", 3306, TCP, "databases.mysql.build_mysql", _STATEMENT),
    ServiceRow("nntp", 119, TCP, "nntp.build_nntp", "The server greets with a 2xx code"),
    ServiceRow("none", None, TCP, "", "Nothing is asked, the server counts as up"),
    ServiceRow("oracle", 1521, TCP, "databases.oracle.build_oracle", _STATEMENT),
    ServiceRow("pop", 110, TCP, "pop.build_pop", _MAILBOX),
    ServiceRow("pops", 995, TLS, "pop.build_pop", "As pop, over TLS"),
    ServiceRow("radius", 1812, UDP, "radius.conversation.build_radius", "A user is accepted", checktimeout=True),
    ServiceRow("pgsql", 5432, TCP, "databases.pgsql.build_pgsql", _STATEMENT),
    ServiceRow("simpletcp", None, TCP, "simpletcp.build_simpletcp", _TEXT, follows_virtual=True),
    ServiceRow("sip", 5060, TCP, "sip.conversation.build_sip", "OPTIONS is answered with 200 OK", follows_virtual=True),
    ServiceRow("smtp", 25, TCP, "smtp.build_smtp", "The server greets and answers EHLO with a 2xx code"),
    ServiceRow("submission", 587, TCP, "smtp.build_smtp", "As smtp, at the port for mail programs"),
)
_EXTENSIONS = (
    ServiceRow("grpc", None, TCP, "grpc.builder.build_grpc", "The health service of gRPC answers SERVING"),
    ServiceRow("grpcs", None, TLS, "grpc.builder.build_grpc", "As grpc, over TLS"),
    ServiceRow(
        "redis", 6379, TCP, "redis.conversation.build_redis", "A command is answered without an error and matches"
    ),
    ServiceRow("rediss", 6379, TLS, "redis.conversation.build_redis", "As redis, over TLS"),
    ServiceRow("udp", None, UDP, "udp.build_udp", "A datagram is sent, and one comes back and matches"),
)
"""Services that the original does not have: no virtual has one unless its section says so, whatever its port."""

SERVICES: Mapping[str, ServiceRow] = MappingProxyType({row.service: row for row in (*_ROWS, *_EXTENSIONS)})
_SERVICE_BY_PORT: Mapping[int, str] = {row.port: row.service for row in _ROWS if row.port is not None}


def service_for_port(port: int) -> str:
    """Return the service that a virtual at *port* has where its section names none."""
    return _SERVICE_BY_PORT.get(port, "none")


def standard_port(service: str) -> int | None:
    """Return the port at which *service* is asked where neither `checkport` nor the real server's line says."""
    return SERVICES[service].port


def limiting_directive(options: CheckOptions) -> str:
    """Return the directive that limits how long a check may take, or the longest of those in a turn."""
    negotiates = options.checktype in {CheckType.NEGOTIATE, CheckType.COMBINED}
    return "negotiatetimeout" if negotiates and not SERVICES[options.service].checktimeout else "checktimeout"


def plan(options: CheckOptions, server: CheckedServer) -> CheckPlan:
    """Return what to ask *server*, and in which order.

    Raises `InvalidOption` where that cannot be asked; its sentence is for the author of the configuration.
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
            return _external(options, server, "external.build_external")
        case CheckType.EXTERNAL_PERL:
            return _external(options, server, "external.build_external_perl")
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
    row = _row(options)
    if (port := _check_port(options, server)) is None:
        return _nowhere(options)
    configured = ConfiguredCheck(
        options=options,
        server=server,
        endpoint=server.endpoint.at_port(port),
        transport=_virtuals_transport(server, row.transport) if row.follows_virtual else row.transport,
    )
    timeout = options.checktimeout if row.checktimeout else options.negotiatetimeout
    return _probe(options, row.build(configured), timeout)


def _connect(options: CheckOptions, server: CheckedServer) -> Probe:
    if (port := _check_port(options, server)) is None:
        return _nowhere(options)
    configured = ConfiguredCheck(options=options, server=server, endpoint=server.endpoint.at_port(port))
    return _probe(options, build_connect(configured), options.checktimeout)


def _ping(options: CheckOptions, server: CheckedServer) -> Probe:
    # Without the port, so that all the services of one machine share its ping.
    endpoint = server.endpoint.at_port(0)
    configured = ConfiguredCheck(options=options, server=server, endpoint=endpoint, transport=Transport.ICMP)
    return _probe(options, build_ping(configured), options.checktimeout, attempts=options.checkcount)


def _external(options: CheckOptions, server: CheckedServer, builder: str) -> Probe:
    configured = ConfiguredCheck(options=options, server=server, endpoint=server.endpoint)
    return _probe(options, _builder(builder)(configured), options.checktimeout)


def _pause(options: CheckOptions) -> Probe:
    return Probe(check=FixedOutcome(outcome=up("nothing to connect to over UDP")), timeout=options.checktimeout)


def _nowhere(options: CheckOptions) -> Probe:
    """Return a check that is always down, as the original's connection to port 0 is; an extension is refused."""
    if _row(options) in _EXTENSIONS:
        sentence = f"service {options.service} has no port of its own: give the real server one, or set checkport"
        raise InvalidOption("checkport", sentence)
    sentence = "no port to check: give the real server a port, or set checkport"
    return Probe(check=FixedOutcome(outcome=down(Reason.REFUSED, sentence)), timeout=options.checktimeout)


def _probe(options: CheckOptions, built: BuiltCheck, timeout: float, *, attempts: int = 1) -> Probe:
    """Return *built* with what is the same for all services: its limits, and its source."""
    bound = with_source(options, built)
    return Probe(
        check=bound.check,
        target=bound.target,
        timeout=timeout,
        attempts=attempts,
        sends=bound.sends,
        asked=bound.asked,
    )


def _check_port(options: CheckOptions, server: CheckedServer) -> int | None:
    return options.checkport or server.endpoint.port or _row(options).port


def _row(options: CheckOptions) -> ServiceRow:
    try:
        return SERVICES[options.service]
    except KeyError:
        sentence = f"expected one of {', '.join(SERVICES)}, but got {options.service!r}"
        raise InvalidOption("service", sentence) from None


def _virtuals_transport(server: CheckedServer, otherwise: Transport) -> Transport:
    return Transport(server.virtual.protocol) if isinstance(server.virtual, AddressKey) else otherwise


def _is_udp(options: CheckOptions, server: CheckedServer) -> bool:
    """Return whether a connection would tell nothing: the server is asked over UDP, which has none."""
    if options.service == "udp":
        return True
    return isinstance(server.virtual, AddressKey) and server.virtual.protocol is Protocol.UDP


__all__ = ["SERVICES", "InvalidOption", "ServiceRow", "plan", "service_for_port", "standard_port"]
