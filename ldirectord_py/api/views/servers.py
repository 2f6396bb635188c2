"""A real server as JSON."""

from collections.abc import Mapping
from typing import Any

from ldirectord_py.model.health import State
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.snapshot import RealStatus, StatusWord
from ldirectord_py.model.text.escaping import printable


def full_name(key: RealKey) -> str:
    """Return what names a real server among all: `10.0.0.5:80@tcp:10.0.0.1:80`."""
    return f"{key.real}@{key.virtual}"


def as_json(real: RealStatus) -> Mapping[str, Any]:
    """Return *real* in the form `Server` of the API's document."""
    health, connections = real.health, real.connections
    return {
        "name": full_name(real.key),
        "virtual": str(real.key.virtual),
        "real": str(real.key.real),
        "configured": str(real.configured),
        "forwarding": real.forwarding,
        "state": health.state,
        "status": real.word,
        "serving": bool(real.wanted),
        "since": health.since,
        "reason": health.reason,
        "detail": printable(health.detail),
        "failures": health.failures,
        "failurecount": real.failurecount,
        "asked": printable(real.asked),
        "weight": {"configured": real.weight, "effective": real.wanted, "kernel": real.actual},
        "admin": None,
        "maintenance_file": None if real.maintenance is None else printable(real.maintenance),
        "connections": connections and {"active": connections.active, "inactive": connections.inactive},
        "check": {"last": None, "seconds": None, "next": None, "interval": real.interval, "recent": []},
        "certificate_expires": real.certificate_expires,
        "why": [
            {"who": cause.who, "sentence": printable(cause.sentence), "since": cause.since, "until": cause.until}
            for cause in real.because
        ],
        "until": real.until,
        "takes": takes(real),
    }


def takes(real: RealStatus) -> str:
    """Say what checks have to find for the server's state to change; empty: no check changes it."""
    if real.interval is None or real.word is StatusWord.MAINTENANCE:
        return ""
    if not real.health.state.serving:
        return "1 more success"
    left = 1 if real.health.state is State.UNKNOWN else max(real.failurecount - real.health.failures, 1)
    return f"{left} more failure" if left == 1 else f"{left} more failures"
