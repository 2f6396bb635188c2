"""How real servers are checked: the directives, one row each."""

from ldirectord_py.checks.registry import SERVICES
from ldirectord_py.config.grammar import http_values, places, tls_values, value_types
from ldirectord_py.config.grammar.defaults import CHECK_OPTIONS, TLS, VIRTUAL
from ldirectord_py.config.grammar.directive import Directive, Scope
from ldirectord_py.config.grammar.directives.directive_kinds import switch
from ldirectord_py.config.grammar.tree import Checks
from ldirectord_py.config.grammar.value_types import AskedType
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.checks.check_options import Header

_SECTION, _BOTH = Scope.SECTION, Scope.BOTH


# What is asked, and how often

CHECKTYPE = Directive(
    "checktype",
    _SECTION,
    value_types.CHECKTYPE,
    AskedType(CHECK_OPTIONS.checktype, CHECK_OPTIONS.connects),
    "How a real server is checked; a number N: one negotiate, then N connects, and again",
)
SERVICE: Directive[str | None] = Directive(
    "service",
    _SECTION,
    value_types.choice("service", tuple(SERVICES)),
    None,
    "What is asked when negotiating; by default what the virtual's port stands for",
)
CHECKCOMMAND = Directive(
    "checkcommand",
    _SECTION,
    value_types.QUOTED_OR_TEXT,
    CHECK_OPTIONS.checkcommand,
    "The program that an external check runs",
    refusal="invalid check command",
)
CHECKPORT: Directive[int | None] = Directive(
    "checkport",
    _SECTION,
    value_types.PORT,
    CHECK_OPTIONS.checkport,
    "The port to check; by default the real server's, or else the service's",
)
REQUEST = Directive(
    "request",
    _SECTION,
    value_types.REQUEST,
    CHECK_OPTIONS.request,
    "What is asked for",
    refusal="no request string specified",
)
RECEIVE = Directive(
    "receive",
    _SECTION,
    value_types.QUOTED_TEXT,
    CHECK_OPTIONS.receive,
    "A Perl regular expression that the answer has to match",
    refusal="invalid receive string",
)
HTTPMETHOD = Directive(
    "httpmethod",
    _SECTION,
    value_types.METHOD,
    CHECK_OPTIONS.httpmethod,
    "The method of an HTTP request",
    refusal="must be GET or HEAD",
)
HTTPSTATUS = Directive(
    "httpstatus",
    _SECTION,
    http_values.STATUSES,
    CHECK_OPTIONS.httpstatus,
    "The statuses of an HTTP answer that count as success; by default 2xx",
)
HTTPHEADER: Directive[Header | None] = Directive(
    "httpheader",
    _SECTION,
    http_values.HEADER,
    None,
    "A header to add to an HTTP request; may be repeated",
    secret=True,
    repeated=True,
)
VIRTUALHOST: Directive[str | None] = Directive(
    "virtualhost",
    _SECTION,
    value_types.VIRTUALHOST,
    CHECK_OPTIONS.virtualhost,
    "The Host of an HTTP request; by default the real's address",
)
LOGIN = Directive(
    "login",
    _SECTION,
    value_types.QUOTED_TEXT,
    CHECK_OPTIONS.login,
    "The user to log in as",
    refusal="invalid login string",
    secret=True,
)
PASSWD = Directive(
    "passwd",
    _SECTION,
    value_types.QUOTED_TEXT,
    CHECK_OPTIONS.passwd,
    "The password of login",
    refusal="invalid password",
    secret=True,
)
DATABASE = Directive(
    "database",
    _SECTION,
    value_types.QUOTED_TEXT,
    CHECK_OPTIONS.database,
    "The database to ask",
    refusal="invalid database",
)
CLEARTEXTPASSWORD = switch(
    "cleartextpassword",
    _SECTION,
    CHECK_OPTIONS.cleartextpassword,
    "Give any database that asks for it the password in clear",
)
SECRET = Directive(
    "secret",
    _SECTION,
    value_types.QUOTED_TEXT,
    CHECK_OPTIONS.secret,
    "The secret of a RADIUS check",
    refusal="invalid secret",
    secret=True,
)
LOAD: Directive[str | None] = Directive(
    "load",
    _SECTION,
    value_types.QUOTED_WORD,
    None,
    "Has no effect",
    refusal="invalid string for load testing",
    notice="this directive has no effect",
)
CHECKTIMEOUT: Directive[int | None] = Directive(
    "checktimeout",
    _BOTH,
    value_types.COUNT,
    None,
    "Seconds for a connect, ping or external check; by default negotiatetimeout, or else "
    f"{CHECK_OPTIONS.checktimeout:g}",
    refusal="invalid check timeout value",
)
NEGOTIATETIMEOUT: Directive[int | None] = Directive(
    "negotiatetimeout",
    _BOTH,
    value_types.COUNT,
    None,
    f"Seconds for a negotiate check; by default checktimeout, or else {CHECK_OPTIONS.negotiatetimeout:g}",
    refusal="invalid negotiate timeout value",
)
CHECKINTERVAL = Directive(
    "checkinterval",
    _BOTH,
    value_types.COUNT,
    CHECK_OPTIONS.interval,
    "Seconds from one check of a real server to the next",
    refusal="invalid check interval value",
)
CHECKCOUNT = Directive(
    "checkcount",
    _BOTH,
    value_types.COUNT,
    CHECK_OPTIONS.checkcount,
    "How often a ping is tried before the server counts as down",
    refusal="invalid check count value",
    notice="checkcount option is deprecated and slated for removal.  please see 'failurecount'",
)
FAILURECOUNT = Directive(
    "failurecount",
    _BOTH,
    value_types.COUNT,
    VIRTUAL.failurecount,
    "How many checks in a row must fail before a real server is taken out",
    refusal="invalid failure count value",
)
CHECKS: Directive[Checks] = Directive(
    "checks", _SECTION, value_types.IN_YAML_ONLY, (), "Several checks; a real server is up while it passes all of them"
)

# From where

CHECKSOURCE: Directive[IPAddress | None] = Directive(
    "checksource",
    _BOTH,
    places.SOURCE,
    CHECK_OPTIONS.checksource,
    "The address of this machine that checks come from; by default what its routes say",
)
CHECKDEVICE: Directive[str | None] = Directive(
    "checkdevice",
    _BOTH,
    places.DEVICE,
    CHECK_OPTIONS.checkdevice,
    "The interface through which checks go; by default what the routes say",
)
CHECKUSER: Directive[str | None] = Directive(
    "checkuser",
    _BOTH,
    places.USER,
    CHECK_OPTIONS.checkuser,
    "The user whom external checks run as; by default the director's, with CAP_NET_ADMIN and CAP_NET_RAW only",
)

# TLS

TLSVERIFY = switch(
    "tlsverify", _BOTH, TLS.verify, "Refuse a server whose certificate is not in order, or not for its name"
)
TLSCAFILE: Directive[str | None] = Directive(
    "tlscafile", _BOTH, places.PATH, None, "The certificates that tlsverify trusts; by default the system's"
)
TLSCERTFILE: Directive[str | None] = Directive(
    "tlscertfile", _BOTH, places.PATH, None, "Our certificate, for servers that ask for one"
)
TLSKEYFILE: Directive[str | None] = Directive(
    "tlskeyfile", _BOTH, places.PATH, None, "The key of tlscertfile; by default it is in the same file"
)
TLSSERVERNAME: Directive[str | None] = Directive(
    "tlsservername",
    _BOTH,
    places.SERVER_NAME,
    TLS.server_name,
    "The server's name in SNI and in its certificate; by default virtualhost, if that is a name",
)
TLSCIPHERS: Directive[str | None] = Directive(
    "tlsciphers",
    _BOTH,
    tls_values.CIPHERS,
    TLS.ciphers,
    "The ciphers up to TLS 1.2, as OpenSSL lists them; by default all, or with tlsverify those of its level 2",
)
TLSMINIMUM: Directive[str | None] = Directive(
    "tlsminimum",
    _BOTH,
    tls_values.VERSION,
    TLS.minimum,
    "The oldest version of TLS; by default the oldest that OpenSSL speaks, or with tlsverify 1.2",
)
