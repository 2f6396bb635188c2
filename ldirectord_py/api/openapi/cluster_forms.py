"""The forms of what is told of a director among others."""

from ldirectord_py.api.openapi.forms import FLAG, MOMENT, TEXT, WHOLE, form, maybe, words
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.cluster.sync_daemon import SyncRole
from ldirectord_py.model.cluster.vips import VipState

ROLE = form(
    "Whether the director is active or standby, and what says so.",
    {"role": words(Role), "source": TEXT, "since": maybe(MOMENT)},
)
SYNC_DAEMONS = {
    "type": "array",
    "description": "those of the kernel that run, if `syncdaemon` is configured",
    "items": form("A sync daemon.", {"role": words(SyncRole), "device": TEXT, "id": WHOLE}),
}
VIPS = {
    "type": "array",
    "items": form(
        "A VIP that the director is to bring up (vips).",
        {
            "address": TEXT,
            "state": words(VipState),
            "held": {**FLAG, "description": "whether this machine has it"},
            "device": {**TEXT, "description": "where it is, or would be"},
            "label": {**TEXT, "description": "its alias there, such as eth0:1"},
            "since": MOMENT,
            "trouble": {**TEXT, "description": "what is wrong with it; empty: nothing"},
        },
    ),
}
