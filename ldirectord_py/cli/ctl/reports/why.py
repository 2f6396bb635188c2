"""`ldirectorctl why`: from the weight that is configured to the one that the table has, and what would change it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ldirectord_py.cli.blocks import Block, Cell, Grid, Paragraph, sentence
from ldirectord_py.cli.ctl.reports import servers
from ldirectord_py.cli.ctl.reports.events import told
from ldirectord_py.cli.ctl.reports.servers import ServerJson
from ldirectord_py.cli.ctl.reports.words import age, clock, took
from ldirectord_py.cli.terminal import Style

_EVENTS = 5


def reasons(found: Sequence[ServerJson], histories: Mapping[str, Mapping[str, Any]], now: float) -> list[Block]:
    """Return for each server why its weight is what it is; *histories* by the servers' names."""
    blocks: list[Block] = []
    for server in found:
        if blocks:
            blocks.append(Paragraph())
        blocks += _reason(server, histories.get(server["name"], {}), now)
    return blocks


def _reason(server: ServerJson, history: Mapping[str, Any], now: float) -> Iterator[Block]:
    status, begun = server["status"], servers.since(server)
    serving = "gets new connections" if server["serving"] else "gets no new connections"
    yield Paragraph(
        (
            Cell(server["name"], Style.BOLD),
            Cell(": "),
            Cell(status, servers.STYLES.get(status)),
            Cell(f"; it {serving}" if begun is None else f" for {age(now - begun)}; it {serving}"),
        )
    )
    yield Paragraph()
    yield Grid([*_chain(server, now), _in_table(server)], indent=2)
    yield Paragraph()
    yield from _checks(server, now)
    if events := history.get("events", ())[-_EVENTS:]:
        yield from (Paragraph(), sentence("What happened last:", Style.BOLD), told(events, now, indent=2))


def _chain(server: ServerJson, now: float) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for link in server["why"]:
        since = f"since {clock(link['since'], now)}" if link["since"] else ""
        until = f"until {clock(link['until'], now)}" if link["until"] else ""
        when = ", ".join(filter(None, (since, until)))
        rows.append((Cell(link["who"], Style.BOLD), Cell(f"{link['sentence']} ({when})" if when else link["sentence"])))
    return rows


def _in_table(server: ServerJson) -> tuple[Cell, ...]:
    weight = server["weight"]
    has = "has no entry for it" if weight["kernel"] is None else f"has weight {weight['kernel']}"
    if weight["kernel"] == weight["effective"]:
        return Cell("table", Style.BOLD), Cell(f"{has}, as it should")
    wanted = "none" if weight["effective"] is None else f"weight {weight['effective']}"
    return Cell("table", Style.YELLOW), Cell(f"{has}, and should have {wanted}", Style.YELLOW)


def _checks(server: ServerJson, now: float) -> Iterator[Block]:
    maintained = server["status"] == "maintenance"
    rows = [("checked", "not while it is in maintenance" if maintained else _checking(server["check"], now))]
    if server["state"] == "down" and not maintained:
        rows.append(("found", servers.evidence(server)))
    elif server["asked"]:
        rows.append(("asked", server["asked"]))
    rows += _ways_back(server)
    if server["until"] is not None:
        rows.append(("changes", f"by itself at {clock(server['until'], now)}"))
    yield Grid([(Cell(name, Style.BOLD), Cell(text)) for name, text in rows], indent=2)


def _ways_back(server: ServerJson) -> Iterator[tuple[str, str]]:
    """Yield what it takes for a server to be another way, one thing after the other."""
    admin, file, outlook = (
        server["admin"],
        server["maintenance_file"],
        servers.outlook(server["state"], server["takes"]),
    )
    if admin is not None:
        enable = f"'ldirectorctl enable {admin['scope'] or server['name']}'"
        if admin["kind"] != "weight":
            yield "takes", f"{enable} takes it back"
            if admin["kind"] == "drain" and server["state"] == "down":
                yield "and then", outlook
            return
        yield "undone", f"by {enable}: it has weight {server['weight']['configured']} then"
    if file is not None:
        yield "takes", f"'{file}' removed from maintenancedir, and a success then"
    elif outlook:
        yield "takes", outlook


def _checking(check: Mapping[str, Any], now: float) -> str:
    """Return how often a server is checked, when it last was and when it will be."""
    if check["interval"] is None:
        return "never: its section says so"
    last = "not yet" if check["last"] is None else f"{age(now - check['last'])} ago"
    if check["last"] is not None and check["seconds"] is not None:
        last += f", took {took(check['seconds'])}"
    coming = "" if check["next"] is None else f"; next in {age(check['next'] - now)}"
    return f"every {age(check['interval'])}; last {last}{coming}"
