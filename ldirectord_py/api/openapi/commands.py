"""The forms of commands, and of what has become of them."""

from collections.abc import Mapping, Sequence

from ldirectord_py.api.commands import KNOWN, LONGEST_REASON, LONGEST_TIME
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
from ldirectord_py.model.commands import HIGHEST_WEIGHT

CHANGED = form(
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


COMMAND: Schema = {
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
RELOADED = form(
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
CARRIED_OUT = form(
    "What a command has brought about.",
    {"done": FLAG, "command": words(KNOWN), "reals": listed("Changed"), "notes": TEXTS},
)
