"""A real server as JSON."""

from collections.abc import Mapping
from typing import Any

from ldirectord_py.model.commands import AdminState, target_name
from ldirectord_py.model.health import State
from ldirectord_py.model.history import ServerHistory
from ldirectord_py.model.snapshot import RealStatus, StatusWord
from ldirectord_py.model.table import Connections
from ldirectord_py.model.text.escaping import printable


def as_json(real: RealStatus, history: ServerHistory | None) -> Mapping[str, Any]:
    """Return *real*, whose checks went as *history* says, in the form `Server` of the API's document."""
    health = real.health
    return {
        "name": target_name(real.key),
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
        "admin": admin_as_json(real.admin),
        "maintenance_file": None if real.maintenance is None else printable(real.maintenance),
        "connections": connections_as_json(real.connections),
        "check": _check(real, history),
        "certificate_expires": real.certificate_expires,
        "why": [
            {"who": cause.who, "sentence": printable(cause.sentence), "since": cause.since, "until": cause.until}
            for cause in real.because
        ],
        "until": real.until,
        "takes": takes(real),
    }


def admin_as_json(admin: AdminState | None) -> Mapping[str, Any] | None:
    """Return what an operator has said in the form `Admin`; None: nothing."""
    if admin is None:
        return None
    return {
        "kind": admin.kind,
        "weight": admin.weight,
        "by": printable(admin.by),
        "since": admin.since,
        "until": admin.until,
        "reason": printable(admin.reason),
        "scope": admin.scope,
    }


def connections_as_json(connections: Connections | None) -> Mapping[str, int] | None:
    """Return the numbers in the form `Connections`; None: they are not known."""
    return connections and {"active": connections.active, "inactive": connections.inactive}


def takes(real: RealStatus) -> str:
    """Say what checks have to find for the server's state to change; empty: no check changes it."""
    if real.interval is None or real.word is StatusWord.MAINTENANCE:
        return ""
    if not real.health.state.serving:
        return "1 more success"
    left = 1 if real.health.state is State.UNKNOWN else max(real.failurecount - real.health.failures, 1)
    return f"{left} more failure" if left == 1 else f"{left} more failures"


def _check(real: RealStatus, history: ServerHistory | None) -> Mapping[str, Any]:
    if history is None:
        return {"last": None, "seconds": None, "next": real.due, "interval": real.interval, "recent": []}
    return {
        "last": history.last,
        "seconds": round(history.exchanges[-1].seconds, 6) if history.exchanges else None,
        "next": real.due,
        "interval": real.interval,
        "recent": list(history.recent),
    }
