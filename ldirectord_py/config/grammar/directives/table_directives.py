"""Virtual services, their real servers and the table: the directives, one row each."""

from ldirectord_py.config.grammar import value_types
from ldirectord_py.config.grammar.defaults import CONFIG, SETTINGS, VIRTUAL
from ldirectord_py.config.grammar.directive import Directive, Scope
from ldirectord_py.config.grammar.directives.directive_kinds import switch
from ldirectord_py.config.grammar.server_lines import FALLBACK_LINE, REAL_LINE, FallbackLine, RealLine
from ldirectord_py.model.config import ForeignWeight
from ldirectord_py.model.table import ServiceFlags

_GLOBAL, _SECTION, _BOTH = Scope.GLOBAL, Scope.SECTION, Scope.BOTH


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
    "scheduler", _SECTION, value_types.SCHEDULER, SETTINGS.scheduler, "How IPVS chooses a real server"
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
OPS = switch(
    "ops", _SECTION, ServiceFlags.ONE_PACKET in SETTINGS.flags, "Choose a real server for each UDP packet anew"
)
QUIESCENT = switch(
    "quiescent", _BOTH, VIRTUAL.quiescent, "Give a failed real server weight 0 instead of taking it out of the table"
)
READDQUIESCENT = switch(
    "readdquiescent", _GLOBAL, CONFIG.readdquiescent, "With quiescent, also enter failed real servers that are missing"
)
HANDSET = Directive(
    "handset",
    _BOTH,
    value_types.choice("handset", tuple(ForeignWeight)),
    VIRTUAL.handset.value,
    "Whether a weight that somebody else sets in the table is repaired, or respected as a command",
)
CLEANSTOP = switch("cleanstop", _BOTH, VIRTUAL.cleanstop, "Take the virtual out of the table at stop")
