"""What the screen shows of the servers: which of them, in which order, and their cells."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ldirectord_py.cli.blocks import Cell
from ldirectord_py.cli.ctl.reports import servers
from ldirectord_py.cli.ctl.reports.servers import Server
from ldirectord_py.cli.ctl.reports.words import age, took
from ldirectord_py.cli.ctl.screen.sparkline import sparkline

SPARKS = 20
"""Numbers that are remembered of a server, and shown."""
MOST_ROWS = 1000
"""Rows of the table; the filter brings out others."""

_ORDER = ("down", "unknown", "checking", "draining", "maintenance", "up")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table."""

    title: str
    rank: Callable[[Server], Any]
    """What servers are sorted by."""
    cell: Callable[["Board", Server, float], Cell]
    """What is shown of a server at a moment."""


class Board:
    """The servers of a daemon, as the table shows them."""

    def __init__(self) -> None:
        self._servers: dict[str, Server] = {}
        self._connections: dict[str, deque[float | None]] = {}
        self.filter = ""
        """Words that a server's name, status or state in words has to contain, all of them."""
        self.column = 2
        """The number of the column that sorts."""
        self.reverse = False
        self.only_out = False
        """Whether servers that are up are left out."""

    @property
    def total(self) -> int:
        """The number of servers, shown or not."""
        return len(self._servers)

    def take(self, virtuals: Iterable[Mapping[str, Any]]) -> None:
        """Take what the daemon says of its virtual services in place of what it said before."""
        self._servers = {server["name"]: server for virtual in virtuals for server in virtual["reals"]}
        self._connections = {name: self._connections.get(name) or deque(maxlen=SPARKS) for name in self._servers}
        for name, server in self._servers.items():
            counts = server["connections"]
            self._connections[name].append(None if counts is None else counts["active"])

    def server(self, name: str) -> Server | None:
        """Return the server of that name; None: it is gone."""
        return self._servers.get(name)

    def names(self, now: float) -> list[str]:
        """Return the names of the servers that are shown, in order."""
        wanted = self.filter.casefold().split()
        shown = [server for server in self._servers.values() if self._is_shown(server, wanted, now)]
        rank = COLUMNS[self.column].rank
        shown.sort(key=lambda server: (rank(server), server["name"]), reverse=self.reverse)
        return [server["name"] for server in shown]

    def cells(self, name: str, now: float) -> list[Cell]:
        """Return what is shown of a server."""
        server = self._servers[name]
        return [column.cell(self, server, now) for column in COLUMNS]

    def sort_by(self, column: int) -> None:
        """Sort by a column; by the same one again, the other way round."""
        self.reverse = not self.reverse if column == self.column else False
        self.column = column

    def load(self, server: Server) -> str:
        """Return how the connections of a server went lately."""
        return sparkline(list(self._connections[server["name"]]), SPARKS, " ")

    def _is_shown(self, server: Server, wanted: Collection[str], now: float) -> bool:
        if self.only_out and server["status"] == "up":
            return False
        text = f"{server['name']} {servers.words(server, now)}".casefold() if wanted else ""
        return all(word in text for word in wanted)


def _virtual(_: Board, server: Server, __: float) -> Cell:
    return Cell(server["virtual"])


def _real(_: Board, server: Server, __: float) -> Cell:
    return Cell(server["real"])


def _status(_: Board, server: Server, __: float) -> Cell:
    return Cell(server["status"], servers.STYLES.get(server["status"]))


def _since(_: Board, server: Server, now: float) -> Cell:
    begun = servers.since(server)
    return Cell("" if begun is None else age(now - begun))


def _weight(_: Board, server: Server, __: float) -> Cell:
    return Cell(servers.weights(server))


def _active(_: Board, server: Server, __: float) -> Cell:
    return _counted(server, "active")


def _inactive(_: Board, server: Server, __: float) -> Cell:
    return _counted(server, "inactive")


def _lately(board: Board, server: Server, _: float) -> Cell:
    return Cell(board.load(server))


def _check(_: Board, server: Server, __: float) -> Cell:
    seconds = server["check"]["seconds"]
    return Cell("" if seconds is None else took(seconds))


def _checks(_: Board, server: Server, __: float) -> Cell:
    return Cell(sparkline(server["check"]["recent"], SPARKS, "!"))


def _count(server: Server, kind: str) -> int:
    return int((server["connections"] or {}).get(kind, -1))


def _counted(server: Server, kind: str) -> Cell:
    count = _count(server, kind)
    return Cell("" if count < 0 else f"{count:,}")


def _seconds(server: Server) -> float:
    return float(server["check"]["seconds"] or 0)


COLUMNS: tuple[Column, ...] = (
    Column("VIRTUAL", lambda server: server["virtual"], _virtual),
    Column("SERVER", lambda server: server["real"], _real),
    Column("STATUS", lambda server: _ORDER.index(server["status"]), _status),
    Column("FOR", lambda server: -(servers.since(server) or 0), _since),
    Column("WEIGHT", lambda server: -(server["weight"]["effective"] or 0), _weight),
    Column("ACTIVE", lambda server: -_count(server, "active"), _active),
    Column("INACTIVE", lambda server: -_count(server, "inactive"), _inactive),
    Column("ACTIVE LATELY", lambda server: -_count(server, "active"), _lately),
    Column("CHECK", lambda server: -_seconds(server), _check),
    Column("CHECKS LATELY", lambda server: -_seconds(server), _checks),
)
"""Ranked so that what an operator looks for comes first: servers that are out, many connections, slow checks."""
