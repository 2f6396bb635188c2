"""The directives, one row each: name, scope, how it is written, default, help."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ldirectord_py.checks.registry import SERVICES
from ldirectord_py.config.grammar import http_values, places, tls_values, value_types
from ldirectord_py.config.grammar.directive import Directive, Scope
from ldirectord_py.config.grammar.server_lines import FALLBACK_LINE, REAL_LINE, FallbackLine, RealLine
from ldirectord_py.config.grammar.tree import Checks
from ldirectord_py.config.grammar.value_types import AskedType
from ldirectord_py.model.address import Endpoint, IPAddress
from ldirectord_py.model.check_options import SUCCESSFUL, CheckType, Header
from ldirectord_py.model.config import AlertStatus

_GLOBAL, _SECTION, _BOTH = Scope.GLOBAL, Scope.SECTION, Scope.BOTH


def _switch(
    name: str, scope: Scope, summary: str, *, default: bool = False, bare: str | None = None
) -> Directive[bool]:
    refusal = "must be yes or no"
    return Directive(name, scope, value_types.YES_NO, default, summary, refusal=refusal, bare=bare)


def _gone(name: str, scope: Scope, instead: str) -> Directive[None]:
    reader = value_types.gone(f"{name} is gone: write {instead}")
    return Directive(name, scope, reader, None, f"Refused: use {instead}", instead=instead)


# Checking

CHECKTYPE = Directive(
    "checktype",
    _SECTION,
    value_types.CHECKTYPE,
    AskedType(CheckType.NEGOTIATE, 0),
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
    "/bin/true",
    "The program that an external check runs",
    refusal="invalid check command",
)
CHECKPORT: Directive[int | None] = Directive(
    "checkport",
    _SECTION,
    value_types.PORT,
    None,
    "The port to check; by default the real server's, or else the service's",
)
REQUEST = Directive(
    "request", _SECTION, value_types.REQUEST, "/", "What is asked for", refusal="no request string specified"
)
RECEIVE = Directive(
    "receive",
    _SECTION,
    value_types.QUOTED_TEXT,
    "",
    "A Perl regular expression that the answer has to match",
    refusal="invalid receive string",
)
HTTPMETHOD = Directive(
    "httpmethod",
    _SECTION,
    value_types.METHOD,
    "GET",
    "The method of an HTTP request",
    refusal="must be GET or HEAD",
)
HTTPSTATUS = Directive(
    "httpstatus",
    _SECTION,
    http_values.STATUSES,
    SUCCESSFUL,
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
    "virtualhost", _SECTION, value_types.VIRTUALHOST, None, "The Host of an HTTP request; by default the real's address"
)
LOGIN = Directive(
    "login", _SECTION, value_types.QUOTED_TEXT, "", "The user to log in as", refusal="invalid login string", secret=True
)
PASSWD = Directive(
    "passwd", _SECTION, value_types.QUOTED_TEXT, "", "The password of login", refusal="invalid password", secret=True
)
DATABASE = Directive(
    "database", _SECTION, value_types.QUOTED_TEXT, "", "The database to ask", refusal="invalid database"
)
CLEARTEXTPASSWORD = _switch(
    "cleartextpassword", _SECTION, "Give a database that asks for it the password in clear, whoever it is"
)
SECRET = Directive(
    "secret",
    _SECTION,
    value_types.QUOTED_TEXT,
    "",
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
    "Seconds for a connect, ping or external check; by default negotiatetimeout, or else 5",
    refusal="invalid check timeout value",
)
NEGOTIATETIMEOUT: Directive[int | None] = Directive(
    "negotiatetimeout",
    _BOTH,
    value_types.COUNT,
    None,
    "Seconds for a negotiate check; by default checktimeout, or else 30",
    refusal="invalid negotiate timeout value",
)
CHECKINTERVAL = Directive(
    "checkinterval",
    _BOTH,
    value_types.COUNT,
    10,
    "Seconds from one check of a real server to the next",
    refusal="invalid check interval value",
)
CHECKCOUNT = Directive(
    "checkcount",
    _BOTH,
    value_types.COUNT,
    1,
    "How often a ping is tried before the server counts as down",
    refusal="invalid check count value",
    notice="checkcount option is deprecated and slated for removal.  please see 'failurecount'",
)
FAILURECOUNT = Directive(
    "failurecount",
    _BOTH,
    value_types.COUNT,
    1,
    "How many checks in a row must fail before a real server is taken out",
    refusal="invalid failure count value",
)
CHECKS: Directive[Checks] = Directive(
    "checks", _SECTION, value_types.IN_YAML_ONLY, (), "Several checks; a real server is up while it passes all of them"
)

# How a check sets out, and TLS

CHECKSOURCE: Directive[IPAddress | None] = Directive(
    "checksource",
    _BOTH,
    places.SOURCE,
    None,
    "The address of this machine that checks come from; by default what its routes say",
)
CHECKDEVICE: Directive[str | None] = Directive(
    "checkdevice",
    _BOTH,
    places.DEVICE,
    None,
    "The interface through which checks go; by default what the routes say",
)
CHECKUSER: Directive[str | None] = Directive(
    "checkuser",
    _BOTH,
    places.USER,
    None,
    "The user whom external checks run as; by default the director's, with CAP_NET_ADMIN and CAP_NET_RAW only",
)
TLSVERIFY = _switch("tlsverify", _BOTH, "Refuse a server whose certificate is not in order, or not for its name")
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
    None,
    "The server's name in SNI and in its certificate; by default virtualhost, if that is a name",
)
TLSCIPHERS: Directive[str | None] = Directive(
    "tlsciphers",
    _BOTH,
    tls_values.CIPHERS,
    None,
    "The ciphers up to TLS 1.2, as OpenSSL lists them; by default all, or with tlsverify those of its level 2",
)
TLSMINIMUM: Directive[str | None] = Directive(
    "tlsminimum",
    _BOTH,
    tls_values.VERSION,
    None,
    "The oldest version of TLS; by default the oldest that OpenSSL speaks, or with tlsverify 1.2",
)

# The table

REAL: Directive[RealLine | None] = Directive(
    "real", _SECTION, REAL_LINE, None, "A real server, or a range of them", repeated=True
)
REAL6: Directive[RealLine | None] = Directive(
    "real6", _SECTION, REAL_LINE, None, "A real server of a virtual6", repeated=True
)
FALLBACK: Directive[FallbackLine | None] = Directive(
    "fallback", _BOTH, FALLBACK_LINE, None, "The server that serves while no real server does"
)
FALLBACK6: Directive[FallbackLine | None] = Directive(
    "fallback6", _BOTH, FALLBACK_LINE, None, "The same for the services of virtual6"
)
SCHEDULER = Directive(
    "scheduler",
    _SECTION,
    value_types.SCHEDULER,
    "wrr",
    "How IPVS chooses a real server",
)
SCHEDFLAGS: Directive[str | None] = Directive(
    "schedflags", _SECTION, value_types.UNBLANK, None, "Flags of the scheduler", refusal="invalid sched-flags"
)
PERSISTENT: Directive[int | None] = Directive(
    "persistent",
    _SECTION,
    value_types.NUMBER,
    None,
    "Seconds that a client stays with its real server",
    refusal="invalid persistent timeout",
)
NETMASK: Directive[str | None] = Directive(
    "netmask",
    _SECTION,
    value_types.RAW,
    None,
    "Clients of one network stay together: a mask, or with virtual6 a length",
)
PROTOCOL: Directive[str | None] = Directive(
    "protocol", _SECTION, value_types.WORD, None, "tcp or udp; fwm for a firewall mark", refusal="invalid protocol"
)
OPS = _switch("ops", _SECTION, "Choose a real server for each UDP packet anew")
QUIESCENT = _switch("quiescent", _BOTH, "Give a failed real server weight 0 instead of taking it out of the table")
READDQUIESCENT = _switch("readdquiescent", _GLOBAL, "With quiescent, also enter failed real servers that are missing")
CLEANSTOP = _switch("cleanstop", _BOTH, "Take the virtual out of the table at stop", default=True)

# Telling others

FALLBACKCOMMAND: Directive[str | None] = Directive(
    "fallbackcommand",
    _GLOBAL,
    value_types.SHELL,
    None,
    "A command that is told when no real server serves any more, and when one does again",
    refusal="invalid fallback command",
)
SECTION_FALLBACKCOMMAND: Directive[str | None] = Directive(
    "fallbackcommand",
    _SECTION,
    value_types.QUOTED_OR_TEXT,
    None,
    FALLBACKCOMMAND.help,
    refusal=FALLBACKCOMMAND.refusal,
)
EMAILALERT = Directive(
    "emailalert",
    _BOTH,
    value_types.RECIPIENTS,
    "",
    "Whom to tell of changes by mail, with commas between them",
    refusal="no email address specified",
)
EMAILALERTFROM: Directive[str | None] = Directive(
    "emailalertfrom",
    _GLOBAL,
    value_types.TEXT,
    None,
    "Whom mails are from; by default who runs the director",
    refusal="no email from address specified",
)
EMAILALERTFREQ = Directive(
    "emailalertfreq",
    _BOTH,
    value_types.LEADING_NUMBER,
    0,
    "Seconds between reminders while a server is down; 0: none",
    refusal="invalid email alert frequency",
)
EMAILALERTSTATUS = Directive(
    "emailalertstatus", _BOTH, value_types.STATUS, AlertStatus.ALL, "The states of the director in which mail is sent"
)
SMTP: Directive[str | None] = Directive(
    "smtp",
    _BOTH,
    value_types.HOST,
    None,
    "The mail server, asked at port 25; by default this machine's sendmail",
    refusal="invalid SMTP server address",
)
MONITORFILE: Directive[str | None] = Directive(
    "monitorfile",
    _SECTION,
    value_types.QUOTED_OR_TEXT,
    None,
    "A file to which a line is appended for each check's result",
    refusal="unable to open monitorfile",
)
SERVICENAME: Directive[str | None] = Directive(
    "servicename", _SECTION, value_types.RAW, None, "A name for mails, before their subject"
)
COMMENT: Directive[str | None] = Directive(
    "comment", _SECTION, value_types.RAW, None, "A remark for mails, at their end"
)

# The director itself

AUTORELOAD = _switch("autoreload", _GLOBAL, "Take up the configuration when its file changes")
CALLBACK: Directive[str | None] = Directive(
    "callback",
    _GLOBAL,
    value_types.QUOTED,
    None,
    "A program that is run when the configuration's file changes",
)
EXECUTE: Directive[str | None] = Directive(
    "execute",
    _GLOBAL,
    value_types.SHELL_OR_NOTHING,
    None,
    "Another configuration, with a daemon of its own that starts, reloads and stops with this one; repeatable",
    repeated=True,
)
INCLUDE: Directive[str | None] = Directive(
    "include",
    _GLOBAL,
    value_types.QUOTED_OR_TEXT,
    None,
    "Files whose virtuals are taken in too, such as conf.d/*.cf; seen from the folder of the file that says so",
    repeated=True,
)
FORK = _switch("fork", _GLOBAL, "Accepted; every check runs at its own pace anyway")
LOGFILE = Directive(
    "logfile", _GLOBAL, value_types.QUOTED, "/var/log/ldirectord.log", "A file, or the name of a syslog facility"
)
MAINTENANCEDIR: Directive[str | None] = Directive(
    "maintenancedir",
    _GLOBAL,
    value_types.TEXT,
    None,
    "A directory in which a file named after a server takes it out",
    refusal="maintenance directory not specified",
)
SUPERVISED = _switch("supervised", _GLOBAL, "Stay in the foreground and log to standard output", bare="yes")
METRICSLISTEN: Directive[Endpoint | None] = Directive(
    "metricslisten", _GLOBAL, value_types.LISTEN, None, "Where /metrics is served; by default nowhere"
)
RECONCILEINTERVAL = Directive(
    "reconcileinterval",
    _GLOBAL,
    value_types.SECONDS,
    5.0,
    "Seconds between two comparisons of the whole table; 0: never",
)
SYSCTLS = _switch("sysctls", _GLOBAL, "Set the kernel's net.ipv4.vs.expire_... settings that the virtuals need to 1")
RELOADLIMIT = Directive(
    "reloadlimit",
    _GLOBAL,
    value_types.PERCENT,
    50,
    "The percentage of the virtuals that a reload may take away without being forced; 100: all of them",
)
FAULTLIMIT = Directive(
    "faultlimit",
    _GLOBAL,
    value_types.SECONDS,
    0.0,
    "Seconds after which a server that cannot be checked, through the director's own fault, is told of again; 0: never",
)
FAULTDOWN = _switch("faultdown", _GLOBAL, "Take such a server for down after faultlimit")

CONNECTTIMEOUT = _gone("connecttimeout", _BOTH, "negotiatetimeout")
TIMEOUT = _gone("timeout", _GLOBAL, "checktimeout or negotiatetimeout")

_ROWS: tuple[Directive[Any], ...] = tuple(row for row in list(vars().values()) if isinstance(row, Directive))


_BY_SCOPE = {
    scope: MappingProxyType({row.name: row for row in _ROWS if row.allowed(scope)})
    for scope in (Scope.GLOBAL, Scope.SECTION)
}


def rows(scope: Scope) -> Mapping[str, Directive[Any]]:
    """Return the rows that may stand in *scope*, which is GLOBAL or SECTION, by name."""
    return _BY_SCOPE[scope]


def veiled(line: str) -> str:
    """Return what a message may show of a *line* that is none: no value but of a directive that is no secret."""
    text = line.strip()
    name, equals, _ = text.partition("=")
    words = re.match(r"\w*", text, re.ASCII)
    first = words[0].lower() if words else ""
    row = _BY_SCOPE[Scope.SECTION].get(first) or _BY_SCOPE[Scope.GLOBAL].get(first)
    if row is not None:
        return f"{row.name} ***" if row.secret else text
    for secret in _SECRET:
        if first.startswith(secret):
            return f"{secret}***"
    return f"{name.rstrip()}=***" if equals else text


_SECRET = tuple(row.name for row in _ROWS if row.secret)
