"""The lines above and below the tables of the screen: the daemon, and the row that the cursor is on."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ldirectord_py.cli.blocks import Cell
from ldirectord_py.cli.ctl.reports import servers
from ldirectord_py.cli.ctl.reports.role import is_told, role_cells
from ldirectord_py.cli.ctl.reports.status import vips_here
from ldirectord_py.cli.ctl.reports.words import age, counted
from ldirectord_py.cli.ctl.screen.sheet import Row
from ldirectord_py.cli.terminal import Style
from ldirectord_py.model.text.amounts import amount

_BETWEEN = Cell(" \N{MIDDLE DOT} ", Style.DIM)


def head_line(
    status: Mapping[str, Any],
    virtuals: Collection[Row],
    now: float,
    which: tuple[int, int] | None,
    old: float | None,
) -> Iterator[Cell]:
    """Yield what is told of the daemon as a whole.

    *which*: so many servers are shown, of so many; *old*: so many seconds ago all of this was so.
    """
    yield Cell(status["instance"], Style.BOLD)
    yield Cell(f", pid {status['pid']}, for {age(now - status['started'])}")
    if is_told(status):
        yield from (_BETWEEN, *role_cells(status["role"], now))
    if vips := status.get("vips"):
        gone = any(vip["trouble"] and not vip["held"] for vip in vips)
        yield from (_BETWEEN, Cell(vips_here(vips), Style.RED if gone else None))
    yield from _counts(status["servers"])
    yield from _rates(virtuals)
    table = status["table"]
    if not table["reachable"]:
        yield from (_BETWEEN, Cell("the table cannot be reached", Style.RED))
    elif not table["agrees"]:
        yield from (_BETWEEN, Cell("the table differs", Style.YELLOW))
    if which is not None:
        yield from (_BETWEEN, Cell(f"{which[0]:,} of {which[1]:,} shown"))
    if old is not None:
        yield from (_BETWEEN, Cell(f"as it was {age(old)} ago", Style.YELLOW))


def _counts(counts: Mapping[str, int]) -> Iterator[Cell]:
    yield from (_BETWEEN, Cell(f"{counted(counts['total'], 'server')}: "))
    states = [state for state in counts if state != "total" and counts[state]]
    for number, state in enumerate(states):
        yield Cell(", " if number else "")
        yield Cell(f"{counts[state]:,} {state}", servers.STYLES.get(state))


def _rates(virtuals: Iterable[Row]) -> Iterator[Cell]:
    found = [virtual["rates"] for virtual in virtuals if virtual["rates"] is not None]
    if found:
        new, into, out = (sum(rates[kind] for rates in found) for kind in ("connections", "bytes_in", "bytes_out"))
        yield from (_BETWEEN, Cell(f"{amount(new)} new/s, {amount(into, 'B/s')} in, {amount(out, 'B/s')} out"))


def server_line(server: Row, now: float) -> Iterable[Cell]:
    """Return what is told of a server: how it is, why, and what would change that."""
    return Cell(server["name"], Style.BOLD), Cell(f": {servers.words(server, now)}")


def service_line(virtual: Row, _now: float) -> Iterable[Cell]:
    """Return what is told of a virtual service."""
    checked = f"{virtual['service']} ({virtual['checktype']})"
    known = (
        f"{virtual['scheduler']}, checked by {checked}",
        f"persistent for {virtual['persistent']} s" if virtual.get("persistent") else "",
        f"fallback {virtual['fallback']}" if virtual["fallback"] else "",
        virtual["comment"] or "",
    )
    return Cell(virtual["name"], Style.BOLD), Cell(f": {'; '.join(filter(None, known))}; Enter shows its servers")
