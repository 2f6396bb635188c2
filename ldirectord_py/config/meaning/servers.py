"""Real servers and fallbacks with their names resolved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from ldirectord_py.config.grammar.diagnostics import Diagnostics
from ldirectord_py.config.grammar.directive import Unreadable, no_port, shown
from ldirectord_py.config.grammar.directives.table_directives import FALLBACK, FALLBACK6, REAL, REAL6
from ldirectord_py.config.grammar.server_lines import FallbackLine, RealLine
from ldirectord_py.config.grammar.values import UsedValue, Values
from ldirectord_py.config.meaning.resolve import Resolver
from ldirectord_py.model.address import Endpoint, IPAddress
from ldirectord_py.model.config import Fallback
from ldirectord_py.model.service import Forwarding
from ldirectord_py.model.table import Destination

LONGEST_RANGE = 65536
MOST_SERVERS = 100_000
"""Of a whole configuration: more is a slip, and reading it would take minutes."""


@dataclass(frozen=True, slots=True)
class ResolvedServer:
    """One real server, not yet asked anything."""

    endpoint: Endpoint
    written: RealLine
    line: int

    @property
    def destination(self) -> Destination:
        """How it is entered while it serves."""
        written = self.written
        return Destination(
            forwarding=written.forwarding, weight=written.weight, upper=written.upper, lower=written.lower
        )


@dataclass(frozen=True, slots=True)
class Reserve:
    """A fallback; without a port it takes that of its virtual."""

    address: IPAddress
    port: int | None
    forwarding: Forwarding

    def at(self, port: int) -> Fallback:
        """Return the fallback of a virtual that has *port*."""
        endpoint = Endpoint(self.address, port if self.port is None else self.port)
        return Fallback(endpoint=endpoint, destination=Destination(forwarding=self.forwarding, weight=1))


def real_servers(values: Values, family: int, environment: Resolver, diagnostics: Diagnostics) -> list[ResolvedServer]:
    """Return a section's real servers in order, ranges spelt out."""
    right, wrong = (REAL6, REAL) if family == 6 else (REAL, REAL6)
    for entry in values.each(wrong):
        diagnostics.error(entry.line, misplaced(wrong.name, right.name))
    servers: list[ResolvedServer] = []
    for entry in values.each(right):
        if diagnostics.servers > MOST_SERVERS:
            return []  # which was told
        before = len(servers)
        try:
            servers.extend(_spelt_out(entry, family, environment))
        except Unreadable as exc:
            diagnostics.error(entry.line, exc.told(right.name))
        diagnostics.servers += len(servers) - before
        if diagnostics.servers > MOST_SERVERS:
            diagnostics.error(entry.line, f"{right.name}: there are more than {MOST_SERVERS} real servers in all")
            return []
    return servers


def misplaced(wrong: str, right: str) -> str:
    """Say that the directive of the other address family is meant."""
    family = "an IPv6" if right.endswith("6") else "an IPv4"
    return f"{wrong}: this is {family} virtual; write {right}"


def _spelt_out(entry: UsedValue[RealLine | None], family: int, environment: Resolver) -> Iterator[ResolvedServer]:
    written = entry.value
    if written is None:
        return
    port = 0 if written.port is None else environment.port_number(written.port, None)
    if port is None:
        raise Unreadable(no_port(written.port or ""))
    for address in _addresses(written, family, environment):
        yield ResolvedServer(Endpoint(address, port), written, entry.line)


def _addresses(written: RealLine, family: int, environment: Resolver) -> Sequence[IPAddress]:
    first = environment.host_address(written.host, family)
    if first is None:
        raise Unreadable(environment.no_host(written.host, family))
    if written.end is None:
        return [first]
    if family == 6:
        raise Unreadable("a range has IPv4 addresses only; write each IPv6 server on a line of its own")
    last = environment.host_address(written.end, family)
    if last is None:
        raise Unreadable(environment.no_host(written.end, family))
    if int(last) < int(first):
        sentence = "runs backwards; put the lower address first"
        raise Unreadable(f"range {shown(written.host)}->{shown(written.end)} {sentence}")
    if int(last) - int(first) >= LONGEST_RANGE:
        raise Unreadable(f"range {first}->{last} is longer than {LONGEST_RANGE} addresses")
    return [IPv4Address(number) for number in range(int(first), int(last) + 1)]


def fallbacks(
    values: Values, protocols: Sequence[str], environment: Resolver, diagnostics: Diagnostics
) -> dict[int, Reserve | None]:
    """Return what one scope says of fallbacks, by address family; a port's name must be one in all *protocols*."""
    found: dict[int, Reserve | None] = {}
    for family, row in ((4, FALLBACK), (6, FALLBACK6)):
        for entry in values.each(row):
            if entry.value is None:
                continue
            try:
                found[family] = _reserve(entry.value, family, protocols, environment)
            except Unreadable as exc:
                diagnostics.error(entry.line, exc.told(row.name))
    return found


def _reserve(written: FallbackLine, family: int, protocols: Sequence[str], environment: Resolver) -> Reserve:
    ports = {environment.port_number(written.port, protocol) for protocol in protocols if written.port is not None}
    if None in ports or len(ports) > 1:
        raise Unreadable(no_port(written.port or ""))
    address = environment.host_address(written.host, family)
    if address is None:
        raise Unreadable(environment.no_host(written.host, family))
    return Reserve(address, next(iter(ports), None), written.forwarding)
