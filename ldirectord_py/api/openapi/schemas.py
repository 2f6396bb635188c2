"""The forms of what the API gives and takes, as JSON Schema (2020-12), each beside the name that it has there."""

from collections.abc import Mapping

from ldirectord_py.api.openapi import commands, plans
from ldirectord_py.api.openapi.cluster_forms import ROLE, SYNC_DAEMONS, VIPS
from ldirectord_py.api.openapi.forms import (
    FLAG,
    MOMENT,
    NUMBER,
    TEXT,
    TEXTS,
    WHOLE,
    Schema,
    form,
    listed,
    maybe,
    ref,
    words,
)
from ldirectord_py.api.views.virtuals import COUNTED
from ldirectord_py.model.checks.outcome import Reason, Verdict
from ldirectord_py.model.checks.trace import StepKind
from ldirectord_py.model.commands import AdminKind
from ldirectord_py.model.decisions import Mode, Who
from ldirectord_py.model.health import State
from ldirectord_py.model.service import Forwarding
from ldirectord_py.model.snapshot import StatusWord

_UNTIL = maybe({**MOMENT, "description": "seconds since the epoch; null: until something else happens"})

_CAUSE = form(
    "One link of the chain from a server's configured weight to the one that is wanted.",
    {"who": words(Who), "sentence": TEXT, "since": maybe(MOMENT), "until": _UNTIL},
)
_ADMIN = form(
    "What an operator has said of a server.",
    {
        "kind": words(AdminKind),
        "weight": maybe(WHOLE),
        "by": TEXT,
        "since": MOMENT,
        "until": _UNTIL,
        "reason": TEXT,
        "scope": {**TEXT, "description": "the host or virtual service that the command named; empty: the server"},
    },
)
_CHECK = form(
    "How a server's checks went, and when the next one is due.",
    {
        "last": maybe(MOMENT),
        "seconds": maybe(NUMBER),
        "next": maybe(MOMENT),
        "interval": maybe({**NUMBER, "description": "seconds; null: it is not checked"}),
        "recent": {
            "type": "array",
            "items": maybe(NUMBER),
            "maxItems": 30,
            "description": "seconds of the last checks, in order; null: it failed",
        },
    },
)
_WEIGHT = form(
    "As configured, as it is wanted, and as the table had it last; null: no entry.",
    {"configured": WHOLE, "effective": maybe(WHOLE), "kernel": maybe(WHOLE)},
)
_SERVER = form(
    "A real server in a virtual service.",
    {
        "name": {**TEXT, "description": "REAL@VIRTUAL", "examples": ["10.0.0.5:80@tcp:10.0.0.1:80"]},
        "virtual": TEXT,
        "real": {**TEXT, "description": "as the kernel's table names it"},
        "configured": {**TEXT, "description": "as the file names it"},
        "forwarding": words(Forwarding),
        "state": {**words(State), "description": "what its checks say"},
        "status": {**words(StatusWord), "description": "how it is, in one word"},
        "serving": {**FLAG, "description": "whether it gets new connections"},
        "since": MOMENT,
        "reason": words(Reason),
        "detail": TEXT,
        "failures": {**WHOLE, "description": "failed checks in a row"},
        "failurecount": {**WHOLE, "description": "so many in a row take it out"},
        "asked": TEXT,
        "weight": ref("Weight"),
        "admin": maybe(ref("Admin")),
        "maintenance_file": maybe(TEXT),
        "connections": maybe(ref("Connections")),
        "check": ref("Check"),
        "certificate_expires": maybe(MOMENT),
        "why": listed("Cause"),
        "until": _UNTIL,
        "takes": {**TEXT, "description": "what its checks have to find for its state to change"},
    },
)
_VIRTUAL = form(
    "A virtual service with those of its servers that were asked for.",
    {
        "name": {**TEXT, "examples": ["tcp:10.0.0.1:80", "fwm:5"]},
        "label": TEXT,
        "servicename": maybe(TEXT),
        "comment": maybe(TEXT),
        "scheduler": TEXT,
        "service": TEXT,
        "checktype": TEXT,
        "quiescent": FLAG,
        "persistent": maybe({**WHOLE, "description": "seconds for which clients come back to their server"}),
        "mode": {**words(Mode), "description": "who is there for its clients"},
        "fallback": maybe(TEXT),
        "servers": ref("Counts"),
        "weight": {**WHOLE, "description": "of all its servers"},
        "connections": maybe(ref("Connections")),
        "rates": maybe(ref("Rates")),
        "reals": listed("Server"),
    },
)
_STATUS = form(
    "What runs, on which configuration, and how it fares.",
    {
        "version": TEXT,
        "api": {"const": 1},
        "instance": TEXT,
        "pid": WHOLE,
        "host": TEXT,
        "config": TEXT,
        "role": ROLE,
        "sync_daemons": SYNC_DAEMONS,
        "vips": VIPS,
        "loaded": MOMENT,
        "started": MOMENT,
        "first_pass": {**FLAG, "description": "whether every server that is checked has been checked once"},
        "healthy": {**FLAG, "description": "whether checks make progress"},
        "table": form("The IPVS table.", {"kind": {"enum": ["kernel", "memory"]}, "reachable": FLAG, "agrees": FLAG}),
        "refused_at": maybe(MOMENT),
        "refused": {**TEXTS, "description": "what was wrong with the last reload; empty: nothing"},
        "sysctls": {
            "type": "array",
            "items": form(
                "A setting of the kernel that a director has set.",
                {"name": TEXT, "before": WHOLE, "now": maybe(WHOLE)},
            ),
        },
        "reloadlimit": WHOLE,
        "inflight": WHOLE,
        "queued": WHOLE,
        "checks_per_second": NUMBER,
        "virtuals": WHOLE,
        "served": {**WHOLE, "description": "virtual services that have a server of their own for their clients"},
        "servers": ref("Counts"),
        "you": form("Who asks.", {"name": TEXT, "may_write": FLAG}),
    },
)
_EVENT = form(
    "What happened; besides these fields an event has those of its line in the log.",
    {
        "id": {**WHOLE, "description": "grows from event to event"},
        "boot": {**TEXT, "description": "the start of the daemon that saw it"},
        "time": MOMENT,
        "event": {**TEXT, "description": "its kind"},
        "name": {**TEXT, "description": "the name of its line in the log"},
        "level": {"enum": ["debug", "info", "warning", "error"]},
        "sentence": TEXT,
        "virtual": TEXT,
        "real": TEXT,
    },
    "virtual",
    "real",
    more=True,
)
_EXCHANGE = form(
    "What checks found, once or several times in a row.",
    {
        "since": MOMENT,
        "time": MOMENT,
        "seconds": NUMBER,
        "verdict": words(Verdict),
        "reason": words(Reason),
        "code": TEXT,
        "detail": TEXT,
        "asked": TEXT,
        "count": WHOLE,
    },
)
_TRACED = form(
    "How one check went.",
    {
        "name": TEXT,
        "verdict": {"enum": [*map(str, Verdict), None], "description": "null: this server is not checked"},
        "reason": TEXT,
        "detail": TEXT,
        "seconds": NUMBER,
        "steps": {
            "type": "array",
            "items": form(
                "One step.",
                {"at": NUMBER, "what": words(StepKind), "text": TEXT, "bytes": WHOLE},
                "bytes",
            ),
        },
    },
)
_CONFIGURATION = form(
    "The configuration in force; values that may be secrets are not in it.",
    {
        "path": TEXT,
        "files": TEXTS,
        "autoreload": FLAG,
        "logfile": TEXT,
        "maintenancedir": maybe(TEXT),
        "metricslisten": maybe(TEXT),
        "statuslisten": maybe(TEXT),
        "readdquiescent": FLAG,
        "reconcileinterval": NUMBER,
        "reloadlimit": WHOLE,
        "warnings": TEXTS,
        "virtuals": listed("ConfiguredVirtual"),
    },
)
_CONFIGURED_VIRTUAL = form(
    "A virtual service as it is configured, every value in force.",
    {
        "name": TEXT,
        "file": TEXT,
        "line": WHOLE,
        "scheduler": TEXT,
        "service": TEXT,
        "checktype": TEXT,
        "checkinterval": NUMBER,
        "checktimeout": NUMBER,
        "negotiatetimeout": NUMBER,
        "failurecount": WHOLE,
        "quiescent": FLAG,
        "cleanstop": FLAG,
        "fallback": maybe(TEXT),
        "servicename": maybe(TEXT),
        "comment": maybe(TEXT),
        "reals": {
            "type": "array",
            "items": form(
                "A real server as it is configured.",
                {"real": TEXT, "file": TEXT, "line": WHOLE, "forwarding": words(Forwarding), "weight": WHOLE},
            ),
        },
    },
)
_PROBLEM = form(
    "Why there is no such answer (RFC 9457).",
    {
        "type": {**TEXT, "description": "about:blank, or urn:ldirectord:problem:NAME"},
        "title": TEXT,
        "status": {**WHOLE, "minimum": 400, "maximum": 599},
        "detail": {**TEXT, "description": "one sentence"},
        "candidates": {**TEXTS, "description": "names that come close"},
        "virtuals": {**TEXTS, "description": "virtual services that would have nobody"},
    },
    "candidates",
    "virtuals",
)
_NAMED = form(
    "A virtual service by name alone, with `view=names`.",
    {
        "name": TEXT,
        "label": TEXT,
        "reals": {"type": "array", "items": form("A real server by name.", {"name": TEXT, "real": TEXT})},
    },
)

SCHEMAS: Mapping[str, Schema] = {
    "Admin": _ADMIN,
    "CarriedOut": commands.CARRIED_OUT,
    "Cause": _CAUSE,
    "Change": plans.CHANGE,
    "Changed": commands.CHANGED,
    "Check": _CHECK,
    "Command": commands.COMMAND,
    "Configuration": _CONFIGURATION,
    "ConfiguredVirtual": _CONFIGURED_VIRTUAL,
    "Connections": form("Open connections, from the kernel.", {"active": WHOLE, "inactive": WHOLE}),
    "Counts": form("Real servers by their status.", dict.fromkeys(("total", *COUNTED), WHOLE)),
    "Event": _EVENT,
    "Events": form("Events in order.", {"events": listed("Event"), "last": WHOLE, "boot": TEXT}),
    "Exchange": _EXCHANGE,
    "Histories": form(
        "What happened to servers, and what their checks found.",
        {
            "reals": {
                "type": "array",
                "items": form("One server.", {"name": TEXT, "checks": listed("Exchange"), "events": listed("Event")}),
            }
        },
    ),
    "Named": _NAMED,
    "Numbers": form(
        "A dozen numbers.",
        {
            "servers": ref("Counts"),
            "virtuals": form("Virtual services by mode.", dict.fromkeys(("total", *map(str, Mode)), WHOLE)),
            "checks": form("Checks.", {"per_second": NUMBER, "inflight": WHOLE, "queued": WHOLE, "first_pass": FLAG}),
        },
    ),
    "Plan": plans.PLAN,
    "Problem": _PROBLEM,
    "Rates": form(
        "What comes through a service each second, as the kernel estimates it; bytes_out is 0 with gate and ipip.",
        dict.fromkeys(("connections", "bytes_in", "bytes_out"), NUMBER),
    ),
    "Reloaded": commands.RELOADED,
    "Server": _SERVER,
    "Servers": form("Real servers.", {"reals": listed("Server")}),
    "Status": _STATUS,
    "Traced": _TRACED,
    "Traces": form("How checks went.", {"reals": listed("Traced")}),
    "Virtual": _VIRTUAL,
    "Virtuals": form(
        "Virtual services.",
        {"virtuals": {"type": "array", "items": {"anyOf": [ref("Virtual"), ref("Named")]}}},
    ),
    "Weight": _WEIGHT,
}
