"""The forms of what the API gives and takes, as JSON Schema (2020-12), each beside the name that it has there."""

from collections.abc import Mapping, Sequence
from typing import Any

from ldirectord_py.api.commands import HIGHEST_WEIGHT, KNOWN, LONGEST_REASON, LONGEST_TIME
from ldirectord_py.api.views.virtuals import COUNTED
from ldirectord_py.model.commands import AdminKind
from ldirectord_py.model.decisions import Mode, Who
from ldirectord_py.model.health import State
from ldirectord_py.model.outcome import Reason, Verdict
from ldirectord_py.model.service import Forwarding
from ldirectord_py.model.snapshot import StatusWord
from ldirectord_py.model.text.change_words import CHANGE_WORDS
from ldirectord_py.model.trace import StepKind

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}


def words(kinds: Any) -> Schema:
    """Return the schema of one of several words."""
    return {"type": "string", "enum": [str(kind) for kind in kinds]}


def maybe(schema: Schema) -> Schema:
    """Return the schema of a value that may be null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def form(description: str, properties: Mapping[str, Schema], *optional: str, more: bool = False) -> Schema:
    """Return the schema of an object with *properties*, all of which are there but the *optional* ones."""
    return {
        "type": "object",
        "description": description,
        "required": [name for name in properties if name not in optional],
        "properties": dict(properties),
        "additionalProperties": more,
    }


def listed(name: str) -> Schema:
    """Return the schema of a list of the form *name*."""
    return {"type": "array", "items": ref(name)}


def ref(name: str) -> Schema:
    """Return what refers to the form *name*."""
    return {"$ref": f"#/components/schemas/{name}"}


MOMENT: Schema = {"type": "number", "description": "seconds since the epoch"}
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
        "rates": {"type": "null", "description": "kept for what the kernel counts a second"},
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
_CHANGED = form(
    "What a command has changed of a server.",
    {
        "name": TEXT,
        "before": maybe(ref("Admin")),
        "after": maybe(ref("Admin")),
        "connections": maybe(ref("Connections")),
    },
)
_TARGET: Schema = {
    **TEXT,
    "minLength": 1,
    "description": "REAL@VIRTUAL, REAL if only one virtual service has it, a host, or a virtual service",
}
_END: Mapping[str, Schema] = {
    "for": {**NUMBER, "exclusiveMinimum": 0, "maximum": LONGEST_TIME, "description": "seconds"},
    "until": {**MOMENT, "exclusiveMinimum": 0, "maximum": 2**53},
}
_FORCE: Mapping[str, Schema] = {
    "force": {**FLAG, "default": False, "description": "also if nobody is left to serve"},
}
_REASON: Mapping[str, Schema] = {"reason": {**TEXT, "maxLength": LONGEST_REASON}}


def _command(description: str, names: Sequence[str], properties: Mapping[str, Schema], *required: str) -> Schema:
    """Return the form of the commands *names*; `for` and `until` exclude each other."""
    whole = form(description, {"command": {"enum": list(names)}, **properties, **_FORCE})
    exclusive = {"not": {"required": ["for", "until"]}} if "for" in properties else {}
    return {**whole, "required": ["command", *required], **exclusive}


_COMMAND: Schema = {
    "description": "What is to be done.",
    "oneOf": [
        _command(
            "No new connections, or none and no checks, until that is over or somebody says `enable`.",
            ("drain", "maintain"),
            {"target": _TARGET, **_END, **_REASON},
            "target",
        ),
        _command(
            "Another weight than the configured one, while its checks pass.",
            ("weight",),
            {"target": _TARGET, "weight": {**WHOLE, "minimum": 0, "maximum": HIGHEST_WEIGHT}, **_END, **_REASON},
            "target",
            "weight",
        ),
        _command("What was said before holds no more.", ("enable",), {"target": _TARGET, **_REASON}, "target"),
        _command("Checks come as soon as there is room.", ("check",), {"target": _TARGET}, "target"),
        _command("The configuration is read again.", ("reload",), {}),
    ],
}
_RELOADED = form(
    "What became of a reload.",
    {
        "done": FLAG,
        "command": {"const": "reload"},
        "in_force": FLAG,
        "problems": TEXTS,
        "warnings": TEXTS,
        "notes": TEXTS,
        "added": TEXTS,
        "removed": TEXTS,
        "changed": TEXTS,
    },
)
_CARRIED_OUT = form(
    "What a command has brought about.",
    {"done": FLAG, "command": words(KNOWN), "reals": listed("Changed"), "notes": TEXTS},
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
_CHANGE = form(
    "One change of the kernel's table.",
    {
        "when": {"enum": ["now", "after_checks"]},
        "action": words(CHANGE_WORDS.values()),
        "virtual": TEXT,
        "real": maybe(TEXT),
        "fallback": FLAG,
        "before": {"type": ["object", "null"], "description": "what is there now"},
        "after": {"type": ["object", "null"], "description": "what would be there"},
        "connections": maybe({**WHOLE, "description": "those that the removal of a service would end"}),
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
    "CarriedOut": _CARRIED_OUT,
    "Cause": _CAUSE,
    "Change": _CHANGE,
    "Changed": _CHANGED,
    "Check": _CHECK,
    "Command": _COMMAND,
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
    "Plan": form(
        "What a reload would change now; servers that are down are expected to stay so, all others to pass.",
        {"problems": {**TEXTS, "description": "why it would be refused"}, "changes": listed("Change")},
    ),
    "Problem": _PROBLEM,
    "Reloaded": _RELOADED,
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
