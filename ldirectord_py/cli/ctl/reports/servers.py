"""One server in words: how it is, since when, why, and what would change that."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ldirectord_py.cli.blocks import Cell, Grid
from ldirectord_py.cli.ctl.reports.words import age, clock, counted
from ldirectord_py.cli.terminal import Style

ServerJson = Mapping[str, Any]
"""As `/v1/reals` has it."""

STYLES = {
    "up": Style.GREEN,
    "down": Style.RED,
    "draining": Style.YELLOW,
    "maintenance": Style.YELLOW,
    "unknown": Style.DIM,
    "checking": Style.DIM,
}
_NAMES = {
    "maintenance": "in maintenance",
    "unknown": "not checked yet",
    "checking": "taken over as it was, and not checked yet",
}
_COMMANDED = {"drain": "drained", "maintenance": "taken out for maintenance"}


def words(server: ServerJson, now: float) -> str:
    """Return a clause such as `down for 3 min: GET http://...: 404, expected 2xx; 1 more success brings it back`."""
    status = str(server["status"])
    name, begun = _NAMES.get(status, status), since(server)
    first = name if begun is None else f"{name} for {age(now - begun)}"
    causes = "; ".join(_causes(server, now))
    return "; ".join(filter(None, [f"{first}: {causes}" if causes else first, *_consequences(server, now)]))


def since(server: ServerJson) -> float | None:
    """Return the moment since when the status of a server is as it is; None: that is not known."""
    match server["status"]:
        case "unknown" | "checking":
            return None
        case "draining" | "maintenance" if server["admin"] is not None:
            found = server["admin"]["since"]
        case "maintenance":
            found = next((link["since"] for link in server["why"] if link["who"] == "file"), None)
        case _:
            found = server["since"]
    return float(found) if found else None


def _causes(server: ServerJson, now: float) -> Iterator[str]:
    if server["admin"] is not None:
        yield commanded(server["admin"], now)
    elif server["maintenance_file"] is not None:
        yield f"there is a file '{server['maintenance_file']}' in maintenancedir"
    if server["status"] == "maintenance":
        return  # it is not checked
    if server["state"] == "down":
        yield evidence(server)
    elif server["failures"]:
        yield f"{counted(server['failures'], 'failure')} in a row: {evidence(server)}"


def _consequences(server: ServerJson, now: float) -> Iterator[str]:
    connections = server["connections"]
    if not server["serving"] and connections and connections["active"]:
        yield f"{counted(connections['active'], 'connection')} still open"
    if server["state"] != "up" or server["failures"]:
        yield _outlook(server)
    weight = server["weight"]
    if weight["effective"] != weight["kernel"]:
        yield f"the table has {_of_table(weight['kernel'])} instead of {_of_table(weight['effective'])}"
    if server["until"] is not None and (server["admin"] or {}).get("until") != server["until"]:
        yield f"changes by itself at {clock(server['until'], now)}"


def _outlook(server: ServerJson) -> str:
    told = outlook(server["state"], server["takes"])
    if server["status"] != "draining":
        return told
    return f"once it is enabled, {told}" if told and server["state"] == "down" else ""


def evidence(server: ServerJson) -> str:
    """Return what was asked, and what came of it."""
    found = server["detail"] or server["reason"]
    return f"{server['asked']}: {found}" if server["asked"] else str(found)


def outlook(state: str, takes: str) -> str:
    """Return what becomes of a server in so many checks, such as `1 more success brings it back`; empty: nothing."""
    if not takes:
        return ""
    plural = not takes.startswith("1 ")
    if "success" in takes:
        return f"{takes} {'bring' if plural else 'brings'} it {'back' if state == 'down' else 'in'}"
    if "failure" in takes:
        return f"{takes} {'take' if plural else 'takes'} it out" if state != "down" else ""
    return f"it takes {takes}"


def commanded(admin: Mapping[str, Any], now: float) -> str:
    """Return who gave the command that is in force, until when, and why: `drained by root (pid 801): "new disk"`."""
    what = _COMMANDED.get(admin["kind"]) or f"weight {admin['weight']}, set"
    of = f" with all of {admin['scope']}" if admin["scope"] else ""
    until = f", until {clock(admin['until'], now)}" if admin["until"] is not None else ""
    why = f': "{admin["reason"]}"' if admin["reason"] else ""
    return f"{what} by {admin['by']}{of}{until}{why}"


def weights(server: ServerJson) -> str:
    """Return the weights from the configured one on, as far as they differ: `3`, `3 → 0`, `3 → out`."""
    weight = server["weight"]
    shown = f"{weight['configured']}"
    if weight["effective"] != weight["configured"]:
        shown += f" → {'out' if weight['effective'] is None else weight['effective']}"
    if weight["kernel"] != weight["effective"]:
        shown += f" (table: {'none' if weight['kernel'] is None else weight['kernel']})"
    return shown


def table(servers: Sequence[ServerJson], now: float, *, full: bool) -> Grid:
    """Return a table with a line for each server; *full*: with its virtual service in its name."""
    rows = [
        (
            Cell(server["name" if full else "real"]),
            Cell(server["status"], STYLES.get(server["status"])),
            Cell(weights(server)),
            *map(Cell, _open(server)),
            Cell(words(server, now)),
        )
        for server in servers
    ]
    return Grid(rows, ("SERVER", "STATUS", "WEIGHT", "ACTIVE", "INACTIVE", ""), frozenset({3, 4}), indent=2)


def _open(server: ServerJson) -> tuple[str, str]:
    connections = server["connections"]
    return ("", "") if connections is None else (f"{connections['active']:,}", f"{connections['inactive']:,}")


def _of_table(weight: int | None) -> str:
    return "no entry" if weight is None else f"weight {weight}"
