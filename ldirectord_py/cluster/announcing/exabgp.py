"""ExaBGP's text API: commands on standard output, answers on standard input (ExaBGP 4 and later, encoder text)."""

from collections.abc import Collection, Iterator, Mapping
from typing import TextIO

from ldirectord_py.cluster.announcing.route import BgpRoute, prefix
from ldirectord_py.model.address import IPAddress

REFUSED = "error"
_SHUTDOWN = "shutdown"


class ExaBgp:
    """Tells the ExaBGP that has started this process what to announce; it keeps that for this process."""

    def __init__(self, commands: TextIO, next_hops: Mapping[int, IPAddress]) -> None:
        """*next_hops* are by family, 4 or 6; for others ExaBGP takes its own address."""
        self._commands = commands
        self._next_hops = next_hops
        self._stated: dict[IPAddress, str] = {}

    def state(self, routes: Collection[BgpRoute], vips: Collection[IPAddress]) -> str:
        """Announce *routes*, and withdraw the others of *vips*; return what is wrong, empty: nothing.

        What is said first is said of each VIP, since a former process may have announced it.
        Raises `OSError` if ExaBGP has ended.
        """
        wanted = dict.fromkeys(vips, "") | {route.vip: self._announcement(route) for route in routes}
        for vip, command in wanted.items():
            if self._stated.get(vip) != command:
                self._commands.write(f"{command or f'withdraw route {prefix(vip)}'}\n")
                self._stated[vip] = command
        self._commands.flush()
        return ""

    def _announcement(self, route: BgpRoute) -> str:
        next_hop = self._next_hops.get(route.vip.version, "self")
        return " ".join((f"announce route {route.prefix} next-hop {next_hop}", *_attributes(route)))


def _attributes(route: BgpRoute) -> Iterator[str]:
    for name, numbers in (("community", 2), ("large-community", 3)):
        if communities := route.of_size(numbers):
            written = " ".join(":".join(map(str, community)) for community in communities)
            yield f"{name} [ {written} ]"


def says_end(line: str) -> bool:
    """Return whether *line*, which ExaBGP has written, says that it ends."""
    return line.startswith(_SHUTDOWN) or '"notification": "shutdown"' in line
