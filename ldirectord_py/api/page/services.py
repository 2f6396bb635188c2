"""One virtual service as the page shows it: its headline, who serves it, and the rows of its servers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ldirectord_py.api.page.plots import Cells, strip
from ldirectord_py.api.page.rows import ServerRow, row
from ldirectord_py.api.page.source import Pause
from ldirectord_py.api.page.states import STATES
from ldirectord_py.api.page.view import PageView
from ldirectord_py.api.page.words import count
from ldirectord_py.model.text.amounts import amount

ALL_SHOWN = 200
"""With so many servers altogether, each has its row; with more, the healthy ones are shown when they are asked for."""
TROUBLED = 40
"""So many servers of a virtual service have their rows unasked."""
ROWS = 500
"""So many rows has a page at most, but for the last virtual service on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is said of a virtual service in front of its servers."""

    name: str
    label: str
    notes: tuple[str, ...]
    """What the operator calls it."""
    level: str
    """`good`, `note`, `warning` or `bad`."""
    served: str
    """Who serves it, in a sentence."""
    counts: tuple[tuple[str, int, str], ...]
    """Status, number and word for each state but up that servers are in."""
    facts: tuple[tuple[str, str], ...]
    """A word and what it is: scheduler, check, connections, rates."""
    cells: tuple[Cells, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ShownService:
    """A virtual service with the rows that the page has of it."""

    head: Head
    rows: tuple[ServerRow, ...]
    hidden: int
    """So many servers are not shown, though the filter lets them through."""

    @property
    def matching(self) -> int:
        """How many servers the filter lets through."""
        return len(self.rows) + self.hidden

    @property
    def certified(self) -> bool:
        """Whether any of them has shown a certificate."""
        return any(row.certificate for row in self.rows)


def head(virtual: Mapping[str, Any]) -> Head:
    """Return what is said of *virtual*, with all of its servers, as the API describes it."""
    servers = virtual["servers"]
    return Head(
        name=virtual["name"],
        label=virtual["label"],
        notes=tuple(note for note in (virtual["servicename"], virtual["comment"]) if note),
        level=level(virtual),
        served=served(virtual),
        counts=tuple((state, servers[state], STATES[state].counted) for state in STATES if _told(servers, state)),
        facts=tuple(_facts(virtual)),
        cells=strip(server["status"] for server in virtual["reals"]),
        total=servers["total"],
    )


def _told(servers: Mapping[str, int], state: str) -> bool:
    return state != "up" and servers.get(state, 0) > 0


def level(virtual: Mapping[str, Any]) -> str:
    """Return how bad things stand for a virtual service."""
    servers = virtual["servers"]
    if virtual["mode"] == "nobody":
        return "bad" if servers["total"] else "note"
    if virtual["mode"] == "fallback" or servers["down"]:
        return "warning"
    return "good" if servers["up"] == servers["total"] else "note"


def served(virtual: Mapping[str, Any]) -> str:
    """Return who serves a virtual service."""
    total = virtual["servers"]["total"]
    match virtual["mode"]:
        case "nobody":
            return "Nobody serves it." if total else "It has no servers."
        case "fallback":
            return f"None of its {count(total, 'server')} serves: the fallback {virtual['fallback']} stands in."
        case _:
            serving = sum(1 for server in virtual["reals"] if server["serving"])
            everybody = "its only server" if total == 1 else f"all of its {total:,} servers"
            return f"Served by {everybody}." if serving == total else f"Served by {serving:,} of {total:,} servers."


def _facts(virtual: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    how = "" if virtual["checktype"] == "negotiate" else f" ({virtual['checktype']})"
    yield "Scheduler", virtual["scheduler"]
    yield "Check", f"{virtual['service']}{how}"
    if (connections := virtual["connections"]) is not None:
        yield "Connections", amount(connections["active"])
    if (rates := virtual["rates"]) is not None:
        yield "New", amount(rates["connections"], "/s")
        yield "In", amount(rates["bytes_in"], "B/s")
        yield "Out", amount(rates["bytes_out"], "B/s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which servers of a virtual service have rows."""

    view: PageView
    everything: bool
    """Healthy servers have rows too."""
    first: int = 0
    """Of more than a page of rows, those from this one on are shown."""


async def service(virtual: Mapping[str, Any], selection: Selection, now: float, pause: Pause) -> ShownService:
    """Return *virtual* with the rows that *selection* asks for."""
    view, first, found = selection.view, selection.first, []
    for server in virtual["reals"]:
        if not view.filtered or view.matches(virtual, server):
            found.append(server)
        await pause()
    if selection.everything or view.filtered:
        chosen = found[first : first + ROWS]
    else:
        chosen = [server for server in found if server["status"] != "up"][:TROUBLED]
    rows = []
    for server in chosen:
        rows.append(row(server, now))
        await pause()
    return ShownService(head(virtual), tuple(rows), len(found) - len(rows))
