"""`ldirectorctl status`: the daemon, its virtual services, and what is not as it should be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ldirectord_py.cli.blocks import Block, Cell, Grid, Paragraph, sentence
from ldirectord_py.cli.ctl.reports import servers
from ldirectord_py.cli.ctl.reports.role import is_told, role_cells
from ldirectord_py.cli.ctl.reports.words import age, clock, counted
from ldirectord_py.cli.terminal import Style

VirtualJson = Mapping[str, Any]
"""As `/v1/virtuals` has it."""
_NAMED = 6
"""So many VIPs are named."""
_STATES = ("up", "down", "draining", "maintenance", "unknown")


def head(status: Mapping[str, Any], now: float) -> Iterator[Block]:
    """Yield a line about the daemon, and one for each thing that is wrong with it."""
    table = status["table"]
    style, state = _table(table)
    about = f"  pid {status['pid']}, running for {age(now - status['started'])} on {status['config']}"
    loaded = "" if status["loaded"] - status["started"] < 1 else f", loaded {clock(status['loaded'], now)}"
    yield Paragraph((Cell(status["instance"], Style.BOLD), Cell(f"{about}{loaded}; "), Cell(state, style)))
    if is_told(status):
        yield Paragraph(role_cells(status["role"], now), indent=2)
    if status["refused_at"] is not None:
        yield sentence(
            f"The file was refused at {clock(status['refused_at'], now)}; what it said before is in force:",
            Style.YELLOW,
        )
        yield from (sentence(problem, indent=2) for problem in status["refused"])
    if not status["first_pass"]:
        yield sentence("Not every server has been checked yet.", Style.YELLOW)
    yield from _vips(status["vips"], now)


def _vips(vips: Sequence[Mapping[str, Any]], now: float) -> Iterator[Block]:
    """Yield which VIPs the director has brought up, and a line for each with which something is wrong."""
    if vips:
        here = [f"{vip['address']} ({vip['label'] or vip['device']})" for vip in vips if vip["held"]]
        which = f": {', '.join(here)}" if 0 < len(here) <= _NAMED else ""
        yield sentence(f"{vips_here(vips)}{which}")
    for vip in vips:
        if vip["trouble"]:
            line = f"{vip['address']}: {vip['trouble']} (for {age(now - vip['since'])})"
            yield sentence(line, Style.YELLOW if vip["held"] else Style.RED, indent=2)


def vips_here(vips: Sequence[Mapping[str, Any]]) -> str:
    """Return how many of the VIPs that a director is to bring up are on its machine."""
    held = sum(vip["held"] for vip in vips)
    return f"{held:,} of {counted(len(vips), 'VIP')} {'is' if held == 1 else 'are'} here"


def _table(table: Mapping[str, Any]) -> tuple[Style, str]:
    where = "the table in memory" if table["kind"] == "memory" else "the kernel's table"
    if not table["reachable"]:
        return Style.RED, f"{where} cannot be reached"
    return (Style.GREEN, f"{where} agrees") if table["agrees"] else (Style.YELLOW, f"{where} differs")


def overview(
    status: Mapping[str, Any], virtuals: Sequence[VirtualJson], now: float, *, down: bool = False
) -> list[Block]:
    """Return the daemon, its virtual services, and those servers that are not up; *down*: only what is not up."""
    listed = [virtual for virtual in virtuals if not down or _ailing(virtual)]
    blocks: list[Block] = [*head(status, now)]
    if listed:
        blocks += [Paragraph(), _services(listed)]
    elif not virtuals:
        blocks += [Paragraph(), sentence("There are no virtual services.")]
    out = [server for virtual in listed for server in virtual["reals"]]
    if out:
        rows = [
            (Cell(each["name"], servers.STYLES.get(each["status"])), Cell(servers.words(each, now))) for each in out
        ]
        blocks += [Paragraph(), Grid(rows, indent=2)]
    elif virtuals:
        total = status["servers"]["total"]
        well = "The one server is up." if total == 1 else f"All {counted(total, 'server')} are up."
        blocks += [Paragraph(), sentence(well, Style.GREEN)]
    return blocks


def services(virtuals: Iterable[VirtualJson], now: float) -> list[Block]:
    """Return virtual services one by one, each with all of its servers."""
    blocks: list[Block] = []
    for virtual in virtuals:
        blocks += [*([Paragraph()] if blocks else []), _services([virtual]), Paragraph()]
        if virtual["comment"]:
            blocks.append(sentence(virtual["comment"], Style.DIM, indent=2))
        blocks.append(servers.table(virtual["reals"], now, full=False))
    return blocks


def is_out(virtual: VirtualJson) -> bool:
    """Return whether none of the servers of a virtual service gets connections."""
    return bool(virtual["mode"] != "reals")


def _ailing(virtual: VirtualJson) -> bool:
    return is_out(virtual) or bool(virtual["servers"]["up"] != virtual["servers"]["total"])


def _services(virtuals: Sequence[VirtualJson]) -> Grid:
    head = ("VIRTUAL", "SCHEDULER", "SERVERS", "ACTIVE", "INACTIVE", "NEW/S")
    return Grid([_service(virtual) for virtual in virtuals], head, frozenset({3, 4, 5}))


def _service(virtual: VirtualJson) -> tuple[Cell, ...]:
    name = f"{virtual['name']} ({virtual['servicename']})" if virtual["servicename"] else virtual["name"]
    connections, rates = virtual["connections"], virtual["rates"]
    counts = ("", "") if connections is None else (f"{connections['active']:,}", f"{connections['inactive']:,}")
    return (
        Cell(name, Style.BOLD),
        Cell(virtual["scheduler"]),
        _counts(virtual),
        *map(Cell, counts),
        Cell("" if rates is None else f"{rates['connections']:,.0f}"),
    )


def _counts(virtual: VirtualJson) -> Cell:
    found = virtual["servers"]
    text = ", ".join(f"{found[state]:,} {state}" for state in _STATES if found[state] or state == "up")
    if virtual["mode"] == "fallback":
        return Cell(f"{text}: the fallback {virtual['fallback']} serves", Style.RED)
    if virtual["mode"] == "nobody":
        return Cell(f"{text}: nobody serves", Style.RED)
    return Cell(text, Style.GREEN if found["up"] == found["total"] else Style.YELLOW)
