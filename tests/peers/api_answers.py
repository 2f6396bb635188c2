"""Answers of the API as its contract has them, for what shows them: servers and virtual services."""

from typing import Any

NOW = 1_700_000_000.0


def server(real: str = "10.0.0.5:80", virtual: str = "tcp:10.0.0.1:80", **more: Any) -> dict[str, Any]:
    """Return a server that is up, with what *more* says."""
    return {
        "name": f"{real}@{virtual}",
        "virtual": virtual,
        "real": real,
        "configured": real,
        "forwarding": "gate",
        "state": "up",
        "status": "up",
        "serving": True,
        "since": NOW - 3600,
        "reason": "ok",
        "detail": "",
        "failures": 0,
        "failurecount": 1,
        "asked": "GET /",
        "weight": {"configured": 3, "effective": 3, "kernel": 3},
        "admin": None,
        "maintenance_file": None,
        "connections": {"active": 12, "inactive": 3456},
        "check": {
            "last": NOW - 4,
            "seconds": 0.0032,
            "next": NOW + 6,
            "interval": 10.0,
            "recent": [0.003, None, 0.004],
        },
        "certificate_expires": None,
        "why": [{"who": "config", "sentence": "weight 3 is configured", "since": None, "until": None}],
        "until": None,
        "takes": "1 more failure",
        **more,
    }


def down(real: str = "10.0.0.6:80", virtual: str = "tcp:10.0.0.1:80", **more: Any) -> dict[str, Any]:
    """Return a server that is out."""
    why = [
        {"who": "config", "sentence": "weight 3 is configured", "since": None, "until": None},
        {"who": "check", "sentence": "it fails: 404, expected 2xx", "since": NOW - 200, "until": None},
    ]
    out = {
        "state": "down",
        "status": "down",
        "serving": False,
        "since": NOW - 200,
        "reason": "status",
        "detail": "404, expected 2xx",
        "failures": 20,
        "weight": {"configured": 3, "effective": 0, "kernel": 0},
        "connections": {"active": 0, "inactive": 0},
        "takes": "1 more success",
        "why": why,
    }
    return server(real, virtual, **{**out, **more})


ADMIN = {
    "kind": "drain",
    "weight": None,
    "by": "root (pid 801)",
    "since": NOW - 60,
    "until": None,
    "reason": "disk swap",
    "scope": "",
}


def draining(real: str = "10.0.0.7:80", virtual: str = "tcp:10.0.0.1:80", **more: Any) -> dict[str, Any]:
    """Return a server that is drained."""
    weight = {"configured": 3, "effective": 0, "kernel": 0}
    changed = {"status": "draining", "serving": False, "since": NOW - 60, "weight": weight, "admin": ADMIN, "takes": ""}
    return server(real, virtual, **{**changed, **more})


def virtual(name: str = "tcp:10.0.0.1:80", *reals: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a virtual service with those servers."""
    counts = dict.fromkeys(("up", "down", "draining", "maintenance", "unknown"), 0)
    for each in reals:
        counts[each["status"]] += 1
    return {
        "name": name,
        "label": name.partition(":")[2],
        "servicename": None,
        "comment": None,
        "scheduler": "wlc",
        "service": "http",
        "checktype": "negotiate",
        "quiescent": True,
        "mode": "reals",
        "fallback": None,
        "servers": {"total": len(reals), **counts},
        "weight": sum(each["weight"]["effective"] or 0 for each in reals),
        "connections": {"active": 1200, "inactive": 34},
        "rates": {"connections": 12.4, "bytes_in": 1000.0, "bytes_out": 2000.0},
        "reals": list(reals),
        **more,
    }


def status(*virtuals: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return what a daemon says of itself, with those virtual services."""
    states = ("total", "up", "down", "draining", "maintenance", "unknown")
    return {
        "version": "0.1.0",
        "api": 1,
        "instance": "web.cf",
        "pid": 801,
        "host": "director1",
        "config": "/etc/ha.d/web.cf",
        "loaded": NOW - 7200,
        "started": NOW - 7200,
        "role": {"role": "active", "source": "active", "since": None},
        "first_pass": True,
        "healthy": True,
        "table": {"kind": "kernel", "reachable": True, "agrees": True},
        "refused_at": None,
        "refused": [],
        "sysctls": [],
        "vips": [],
        "reloadlimit": 50,
        "inflight": 0,
        "queued": 0,
        "virtuals": len(virtuals),
        "servers": {state: sum(each["servers"][state] for each in virtuals) for state in states},
        "checks_per_second": 0.3,
        "you": {"name": "root", "may_write": True},
        **more,
    }
