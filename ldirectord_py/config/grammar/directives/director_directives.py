"""The director itself: the directives, one row each."""

from ldirectord_py.config.grammar import value_types
from ldirectord_py.config.grammar.defaults import CONFIG, FAULT_RULES
from ldirectord_py.config.grammar.directive import Directive, Scope
from ldirectord_py.config.grammar.directives.directive_kinds import gone, switch
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.config import MetricsDetail

_GLOBAL, _BOTH = Scope.GLOBAL, Scope.BOTH


AUTORELOAD = switch("autoreload", _GLOBAL, CONFIG.autoreload, "Take up the configuration when its file changes")
CALLBACK: Directive[str | None] = Directive(
    "callback",
    _GLOBAL,
    value_types.QUOTED,
    CONFIG.callback,
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
FORK = switch("fork", _GLOBAL, CONFIG.fork, "Accepted; every check runs at its own pace anyway")
LOGFILE = Directive(
    "logfile", _GLOBAL, value_types.QUOTED, CONFIG.logfile, "A file, journal, or the name of a syslog facility"
)
MAINTENANCEDIR: Directive[str | None] = Directive(
    "maintenancedir",
    _GLOBAL,
    value_types.TEXT,
    CONFIG.maintenancedir,
    "A directory in which a file named after a server takes it out",
    refusal="maintenance directory not specified",
)
SUPERVISED = switch(
    "supervised", _GLOBAL, CONFIG.supervised, "Stay in the foreground and log to standard output", bare="yes"
)
METRICSLISTEN: Directive[Endpoint | None] = Directive(
    "metricslisten", _GLOBAL, value_types.LISTEN, CONFIG.metricslisten, "Where /metrics is served; by default nowhere"
)
METRICSDETAIL = Directive(
    "metricsdetail",
    _GLOBAL,
    value_types.choice("metricsdetail", tuple(MetricsDetail)),
    CONFIG.metricsdetail.value,
    "For what /metrics has series: servers and their traffic, servers, the least of each, virtuals, the director alone",
)
RECONCILEINTERVAL = Directive(
    "reconcileinterval",
    _GLOBAL,
    value_types.SECONDS,
    CONFIG.reconcileinterval,
    "Seconds between two comparisons of the whole table; 0: never",
)
RECORD: Directive[str | None] = Directive(
    "record",
    _GLOBAL,
    value_types.ABSOLUTE_PATH,
    CONFIG.record,
    "A file in which the director records what it is told, for ldirectorctl replay; by default none",
)
HISTORYFILE: Directive[str | None] = Directive(
    "historyfile",
    _GLOBAL,
    value_types.ABSOLUTE_PATH,
    CONFIG.historyfile,
    "A file that keeps what happened over restarts, as lines of JSON; by default none",
)
HISTORYSIZE = Directive(
    "historysize",
    _GLOBAL,
    value_types.COUNT,
    CONFIG.historysize,
    "The MiB that the historyfile and the full one before it (FILE.1) take together at most",
)
SYSCTLS = switch(
    "sysctls", _GLOBAL, CONFIG.sysctls, "Set the kernel's net.ipv4.vs.expire_... settings that the virtuals need to 1"
)
RELOADLIMIT = Directive(
    "reloadlimit",
    _GLOBAL,
    value_types.PERCENT,
    CONFIG.reloadlimit,
    "The percentage of the virtuals that a reload may take away without being forced; 100: all of them",
)
FAULTLIMIT = Directive(
    "faultlimit",
    _GLOBAL,
    value_types.SECONDS,
    FAULT_RULES.limit,
    "Seconds after which a server that cannot be checked, through the director's own fault, is told of again; 0: never",
)
FAULTDOWN = switch("faultdown", _GLOBAL, FAULT_RULES.down, "Take such a server for down after faultlimit")
CONNECTTIMEOUT = gone("connecttimeout", _BOTH, "negotiatetimeout")
TIMEOUT = gone("timeout", _GLOBAL, "checktimeout or negotiatetimeout")
