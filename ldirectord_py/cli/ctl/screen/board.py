"""What the screen shows of the servers: which of them, in which order, and their cells."""

from collections.abc import Iterable

from ldirectord_py.cli.blocks import Cell
from ldirectord_py.cli.ctl.reports import servers
from ldirectord_py.cli.ctl.reports.words import took
from ldirectord_py.cli.ctl.screen.sheet import CellContext, Column, Row, Sheet, lately, natural
from ldirectord_py.model.text.moments import brief

MOST_ROWS = 1000
"""Rows of the table; the filter brings out others."""

_ORDER = ("down", "unknown", "checking", "draining", "maintenance", "up")


class Board(Sheet):
    """The servers of a daemon, as the table shows them."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, lambda server: None if (count := _count(server, "active")) < 0 else count, column=2)
        self.filter = ""
        """Words that a server's name, status or state in words has to contain, all of them."""
        self.only_out = False
        """Whether servers that are up are left out."""

    def shown(self, now: float) -> Iterable[Row]:
        """See `Sheet.shown`."""
        wanted = self.filter.casefold().split()
        for server in super().shown(now):
            if self.only_out and server["status"] == "up":
                continue
            text = f"{server['name']} {servers.words(server, now)}".casefold() if wanted else ""
            if all(word in text for word in wanted):
                yield server


def _status(server: Row, _: CellContext) -> Cell:
    return Cell(server["status"], servers.STYLES.get(server["status"]))


def _since(server: Row, context: CellContext) -> Cell:
    begun = servers.since(server)
    return Cell("" if begun is None else brief(context.now - begun))


def _check(server: Row, _: CellContext) -> Cell:
    seconds = server["check"]["seconds"]
    return Cell("" if seconds is None else took(seconds))


def _count(server: Row, kind: str) -> int:
    return int((server["connections"] or {}).get(kind, -1))


def _counted(server: Row, kind: str) -> Cell:
    count = _count(server, kind)
    return Cell("" if count < 0 else f"{count:,}")


def _seconds(server: Row) -> float:
    return float(server["check"]["seconds"] or 0)


COLUMNS: tuple[Column, ...] = (
    Column("VIRTUAL", lambda server: natural(server["virtual"]), lambda server, _: Cell(server["virtual"]), name=True),
    Column("SERVER", lambda server: natural(server["real"]), lambda server, _: Cell(server["real"]), name=True),
    Column("STATUS", lambda server: _ORDER.index(server["status"]), _status),
    Column("FOR", lambda server: -(servers.since(server) or 0), _since, right=True),
    Column(
        "WEIGHT",
        lambda server: -(server["weight"]["effective"] or 0),
        lambda server, _: Cell(servers.weights(server)),
        right=True,
    ),
    Column(
        "ACTIVE", lambda server: -_count(server, "active"), lambda server, _: _counted(server, "active"), right=True
    ),
    Column(
        "INACTIVE",
        lambda server: -_count(server, "inactive"),
        lambda server, _: _counted(server, "inactive"),
        right=True,
        spare=2,
    ),
    Column(
        "ACTIVE LATELY",
        lambda server: -_count(server, "active"),
        lambda _, context: lately(context.lately),
        spare=4,
    ),
    Column("CHECK", lambda server: -_seconds(server), _check, right=True, spare=1),
    Column(
        "CHECKS LATELY",
        lambda server: -_seconds(server),
        lambda server, _: lately(server["check"]["recent"], "!"),
        spare=3,
    ),
)
"""Ranked so that what an operator looks for comes first: servers that are out, many connections, slow checks."""
