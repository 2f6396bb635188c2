"""The forms of what a reload would change."""

from ldirectord_py.api.openapi.forms import FLAG, TEXT, TEXTS, WHOLE, form, listed, maybe, words
from ldirectord_py.model.checks.outcome import Reason, Verdict
from ldirectord_py.model.plan_steps import VipAction
from ldirectord_py.model.text.change_words import CHANGE_WORDS

CHANGE = form(
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
        "servers": maybe({**WHOLE, "description": "those that go with such a service"}),
    },
)
_FOUND = form(
    "What the last check of a server found.",
    {
        "virtual": TEXT,
        "real": TEXT,
        "asked": TEXT,
        "verdict": words(Verdict),
        "reason": words(Reason),
        "detail": TEXT,
    },
)
_MAINTAINED = form(
    "A server that a file has in maintenance.",
    {"virtual": TEXT, "real": TEXT, "file": {**TEXT, "description": "its name, within maintenancedir"}},
)
_VIP = form(
    "A VIP that the director would bring up or take down (vips), or would not.",
    {
        "action": words(VipAction),
        "address": TEXT,
        "device": {**TEXT, "description": "where it is, or would be"},
        "trouble": {**TEXT, "description": "why nothing is done, where action is none"},
    },
)
PLAN = form(
    "What a reload would change now; servers that are down are expected to stay so, all others to pass.",
    {
        "file": TEXT,
        "problems": {**TEXTS, "description": "why it would be refused"},
        "refusal": maybe({**TEXT, "description": "why it is refused unless it is forced"}),
        "advice": {**TEXTS, "description": "settings of the kernel that it needs"},
        "changes": listed("Change"),
        "believed": {"type": "array", "items": _FOUND, "description": "who is down"},
        "maintenance": {"type": "array", "items": _MAINTAINED},
        "untouched": {**TEXTS, "description": "services that neither the file nor this daemon has"},
        "vips": {"type": "array", "items": _VIP},
    },
)
