"""Documents as the API gives them away, of virtual services and servers that a test describes."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from ldirectord_py.api.page.hour.past import COMMANDS, FILES, HEALTH
from ldirectord_py.api.page.source import Document, Pause, RecentEvents

NOW = 1_790_000_000.0


def server(real: str = "10.0.0.5:80", virtual: str = "tcp:10.0.0.1:80", **other: Any) -> dict[str, Any]:
    """Return the document of a server that is up; *other* has what is different."""
    known = {
        "name": f"{real}@{virtual}",
        "virtual": virtual,
        "real": real,
        "configured": real,
        "forwarding": "gate",
        "state": "up",
        "status": "up",
        "serving": True,
        "since": NOW - 3 * 86400,
        "reason": "ok",
        "detail": "",
        "failures": 0,
        "failurecount": 1,
        "asked": f"GET http://{real}/alive.html",
        "weight": {"configured": 1, "effective": 1, "kernel": 1},
        "admin": None,
        "maintenance_file": None,
        "connections": {"active": 12, "inactive": 3},
        "check": {
            "last": NOW - 1,
            "seconds": 0.0012,
            "next": NOW + 9,
            "interval": 10,
            "recent": [0.001, 0.0012, 0.0011, 0.002, 0.0012],
        },
        "certificate_expires": None,
        "why": [{"who": "config", "sentence": "its weight is 1", "since": None, "until": None}],
        "until": None,
        "takes": "",
    }
    return known | other


def down(real: str = "10.0.0.6:80", virtual: str = "tcp:10.0.0.1:80", **other: Any) -> dict[str, Any]:
    """Return the document of a server that is down."""
    known = {
        "state": "down",
        "status": "down",
        "serving": False,
        "since": NOW - 250,
        "reason": "refused",
        "detail": "connection refused",
        "failures": 1,
        "weight": {"configured": 1, "effective": 0, "kernel": 0},
        "takes": "1 more success",
        "check": server()["check"] | {"recent": [0.001, 0.0012, 0.0011, None, None], "next": NOW + 3},
        "why": [
            {"who": "config", "sentence": "its weight is 1", "since": None, "until": None},
            {"who": "check", "sentence": "it is down: connection refused", "since": NOW - 250, "until": None},
        ],
    }
    return server(real, virtual, **(known | other))


def drained(real: str = "10.0.0.7:80", virtual: str = "tcp:10.0.0.1:80", **other: Any) -> dict[str, Any]:
    """Return the document of a server that an operator drains."""
    known = {
        "status": "draining",
        "serving": False,
        "weight": {"configured": 1, "effective": 0, "kernel": 0},
        "admin": {
            "kind": "drain",
            "weight": None,
            "by": "root (pid 801)",
            "since": NOW - 300,
            "until": None,
            "reason": "kernel upgrade",
            "scope": "",
        },
    }
    return server(real, virtual, **(known | other))


def virtual(name: str = "tcp:10.0.0.1:80", reals: Sequence[dict[str, Any]] = (), **other: Any) -> dict[str, Any]:
    """Return the document of a virtual service with *reals*."""
    statuses = [real["status"] for real in reals]
    states = ("up", "down", "draining", "maintenance", "unknown")
    known = {
        "name": name,
        "label": name.removeprefix("tcp:"),
        "servicename": None,
        "comment": None,
        "scheduler": "wrr",
        "service": "http",
        "checktype": "negotiate",
        "quiescent": True,
        "mode": "reals" if any(real["serving"] for real in reals) else "nobody",
        "fallback": None,
        "servers": {"total": len(reals)} | {state: statuses.count(state) for state in states},
        "weight": sum(real["weight"]["effective"] or 0 for real in reals),
        "connections": {"active": 12 * len(reals), "inactive": 3},
        "rates": {"connections": 120.0, "bytes_in": 1.2e6, "bytes_out": 34e6},
        "reals": list(reals),
    }
    return known | other


def status(**other: Any) -> dict[str, Any]:
    """Return the document of the daemon, in good health."""
    known = {
        "version": "1.0",
        "api": 1,
        "instance": "web",
        "pid": 801,
        "host": "lb1.example",
        "config": "/etc/ha.d/ldirectord.cf",
        "role": {"role": "active", "source": "active", "since": None},
        "vips": [],
        "loaded": NOW - 7200,
        "started": NOW - 86400,
        "first_pass": True,
        "healthy": True,
        "table": {"kind": "kernel", "reachable": True, "agrees": True},
        "refused_at": None,
        "refused": [],
        "checks_per_second": 12.5,
        "you": {"name": "root", "may_write": True},
    }
    return known | other


def event(number: int, name: str, sentence: str, ago: float = 60.0, **other: Any) -> dict[str, Any]:
    """Return an event that happened *ago* seconds before now."""
    known = {
        "id": number,
        "boot": "b0",
        "time": NOW - ago,
        "event": "a_kind",
        "name": name,
        "level": "info",
        "sentence": sentence,
    }
    return known | other


def health(before: str, after: str, ago: float, **other: Any) -> dict[str, Any]:
    """Return the event of a server's new state."""
    return event(1, f"real_{after}", f"is {after}", ago, **{"before": before, "after": after, **other})


def commanded(before: str | None, kind: str | None, ago: float, **other: Any) -> dict[str, Any]:
    """Return the event of a command of this *kind* that came in force; None: it holds no longer."""
    by = {"by": "root (pid 801)", "reason": "kernel upgrade", "weight": None, "scope": ""}
    return event(1, "admin_changed", "is given", ago, **{"before": before, "admin": kind, **by, **other})


async def at_once() -> None:
    """See `Pause`: nobody else wants a turn."""


class Documents:
    """A `DocumentSource` of documents that a test has made."""

    def __init__(
        self,
        virtuals: Iterable[dict[str, Any]] = (),
        events: Sequence[dict[str, Any]] = (),
        checks: Sequence[dict[str, Any]] = (),
        **daemon: Any,
    ) -> None:
        self._virtuals = {each["name"]: each for each in virtuals}
        self._events = events
        self._checks = checks
        self._status = status(**daemon)

    def status(self) -> Document:
        return self._status

    async def virtuals(self, pause: Pause) -> AsyncIterator[Document]:
        for virtual in self._virtuals.values():
            yield virtual
            await pause()

    async def virtual(self, name: str, _pause: Pause) -> Document | None:
        return self._virtuals.get(name)

    def reals(self, names: Sequence[str]) -> Iterable[Document]:
        return [each for virtual in self._virtuals.values() for each in virtual["reals"] if each["name"] in names]

    def history(self, name: str) -> Document:
        about = [each for each in self._events if f"{each.get('real')}@{each.get('virtual')}" == name]
        return {"name": name, "checks": self._checks, "events": about}

    def events(self, most: int) -> RecentEvents:
        last = self._events[-1]["id"] if self._events else 0
        return RecentEvents(self._events[-most:] if most else (), last, "b0")

    async def transitions(self, since: float, _pause: Pause) -> Sequence[Document]:
        states = HEALTH | FILES | COMMANDS
        return [each for each in self._events if each["time"] >= since and each["name"] in states]
