"""How the real servers of one section are asked."""

from typing import Any

from ldirectord_py.checks.registry import service_for_port
from ldirectord_py.config.grammar.defaults import CHECK_OPTIONS
from ldirectord_py.config.grammar.directive import Directive
from ldirectord_py.config.grammar.directives import check_directives as d
from ldirectord_py.config.grammar.values import Values
from ldirectord_py.config.meaning.resolve import Resolver
from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.probe import TlsOptions
from ldirectord_py.model.service import AddressKey, VirtualKey

_SHOWN: tuple[Directive[Any], ...] = (d.REQUEST, d.VIRTUALHOST, d.CHECKCOMMAND)
"""What is shown of how a server is asked (`Probe.asked`)."""


def options(key: VirtualKey, values: Values, environment: Resolver, tls: TlsOptions) -> CheckOptions:
    """Return how the real servers of a section are asked, with everything filled in."""
    checktype, connects = values.get(d.CHECKTYPE)
    login, passwd = _credentials(values, environment)
    own = (values.own(d.CHECKTIMEOUT), values.own(d.NEGOTIATETIMEOUT))
    check, negotiate = values.get(d.CHECKTIMEOUT), values.get(d.NEGOTIATETIMEOUT)
    return CheckOptions(
        checktype=checktype,
        connects=connects,
        service=values.get(d.SERVICE) or _implied_service(key),
        checkcommand=values.get(d.CHECKCOMMAND),
        request=values.get(d.REQUEST),
        receive=values.get(d.RECEIVE),
        httpmethod=values.get(d.HTTPMETHOD),
        httpstatus=values.get(d.HTTPSTATUS),
        httpheaders=tuple(entry.value for entry in values.each(d.HTTPHEADER) if entry.value is not None),
        virtualhost=values.get(d.VIRTUALHOST),
        login=login,
        passwd=passwd,
        database=values.get(d.DATABASE),
        cleartextpassword=values.get(d.CLEARTEXTPASSWORD),
        secret=values.get(d.SECRET),
        checktimeout=float(own[0] or own[1] or check or negotiate or CHECK_OPTIONS.checktimeout),
        negotiatetimeout=float(own[1] or own[0] or negotiate or check or CHECK_OPTIONS.negotiatetimeout),
        checkcount=values.get(d.CHECKCOUNT),
        checkport=values.get(d.CHECKPORT),
        interval=float(values.get(d.CHECKINTERVAL)),
        tls=tls,
        checksource=values.get(d.CHECKSOURCE),
        checkdevice=values.get(d.CHECKDEVICE),
        checkuser=values.get(d.CHECKUSER),
        redacted=frozenset(row.name for row in _SHOWN if values.redacted(row.name) is not None),
    )


def _implied_service(key: VirtualKey) -> str:
    return service_for_port(key.endpoint.port) if isinstance(key, AddressKey) else "none"


def _credentials(values: Values, environment: Resolver) -> tuple[str, str]:
    """Return login and password: a line `service=ftp` or `service=sip` fills in what no line above it has given."""
    login, passwd = d.LOGIN.default, d.PASSWD.default
    uses = [(entry.line, row, entry.value) for row in (d.SERVICE, d.LOGIN, d.PASSWD) for entry in values.each(row)]
    for _, row, value in sorted(uses, key=lambda use: use[0]):
        if row is d.LOGIN:
            login = value or ""
        elif row is d.PASSWD:
            passwd = value or ""
        elif value == "ftp":
            login = login or "anonymous"
            passwd = passwd or f"ldirectord@{environment.host_name()}"
        elif value == "sip":
            login = login or f"ldirectord@{environment.host_name()}"
    return login, passwd
