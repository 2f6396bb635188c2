"""What the screen shows of the virtual services: who serves each of them, and what comes a second."""

from ldirectord_py.cli.blocks import Cell
from ldirectord_py.cli.ctl.screen.sheet import CellContext, Column, Row, Sheet, lately, natural
from ldirectord_py.cli.terminal import Style
from ldirectord_py.model.text.amounts import amount


class ServicesSheet(Sheet):
    """The virtual services of a daemon, those first that somebody has to look after."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, lambda virtual: _rate(virtual, "connections"), column=1)


_MODES = ("nobody", "fallback")


def _trouble(virtual: Row) -> tuple[int, int]:
    """Return how badly a virtual service is served; the less, the worse."""
    mode = _MODES.index(virtual["mode"]) if virtual["mode"] in _MODES and virtual["servers"]["total"] else len(_MODES)
    return mode, -virtual["servers"]["down"]


def _name(virtual: Row, _: CellContext) -> Cell:
    called = f" ({virtual['servicename']})" if virtual["servicename"] else ""
    return Cell(f"{virtual['name']}{called}", Style.BOLD)


def _served(virtual: Row, _: CellContext) -> Cell:
    counts = virtual["servers"]
    up = f"{counts['up']:,} of {counts['total']:,} up"
    if virtual["mode"] == "fallback":
        return Cell(f"{up}: fallback", Style.RED)
    if virtual["mode"] == "nobody" and counts["total"]:
        return Cell(f"{up}: nobody serves", Style.RED)
    return Cell(up, Style.GREEN if counts["up"] == counts["total"] else Style.YELLOW)


def _active(virtual: Row) -> int:
    return int((virtual["connections"] or {}).get("active", -1))


def _rate(virtual: Row, kind: str) -> float | None:
    return None if virtual["rates"] is None else float(virtual["rates"][kind])


def _told(virtual: Row, kind: str, unit: str = "") -> Cell:
    rate = _rate(virtual, kind)
    return Cell("" if rate is None else amount(rate, unit))


COLUMNS: tuple[Column, ...] = (
    Column("VIRTUAL", lambda virtual: natural(virtual["name"]), _name, name=True),
    Column("SERVERS", _trouble, _served),
    Column(
        "ACTIVE",
        lambda virtual: -_active(virtual),
        lambda virtual, _: Cell("" if _active(virtual) < 0 else f"{_active(virtual):,}"),
        right=True,
    ),
    Column(
        "NEW/S",
        lambda virtual: -(_rate(virtual, "connections") or 0),
        lambda virtual, _: _told(virtual, "connections"),
        right=True,
        spare=1,
    ),
    Column(
        "IN",
        lambda virtual: -(_rate(virtual, "bytes_in") or 0),
        lambda virtual, _: _told(virtual, "bytes_in", "B/s"),
        right=True,
        spare=2,
    ),
    Column(
        "OUT",
        lambda virtual: -(_rate(virtual, "bytes_out") or 0),
        lambda virtual, _: _told(virtual, "bytes_out", "B/s"),
        right=True,
        spare=3,
    ),
    Column(
        "NEW/S LATELY",
        lambda virtual: -(_rate(virtual, "connections") or 0),
        lambda _, context: lately(context.lately),
        spare=4,
    ),
)
