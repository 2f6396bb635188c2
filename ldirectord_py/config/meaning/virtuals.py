"""One section as a complete `Virtual`."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from ldirectord_py.config.grammar.diagnostics import Diagnostics
from ldirectord_py.config.grammar.directive import Scope, Unreadable, no_port, shown, unknown_word
from ldirectord_py.config.grammar.directives import notification_directives as telling
from ldirectord_py.config.grammar.directives import table_directives as table
from ldirectord_py.config.grammar.directives.check_directives import CHECKS, FAILURECOUNT
from ldirectord_py.config.grammar.directives.cluster_directives import TRACKFILE
from ldirectord_py.config.grammar.tree import Checks as WrittenChecks
from ldirectord_py.config.grammar.tree import Section
from ldirectord_py.config.grammar.values import Values, read_values
from ldirectord_py.config.grammar.virtual_line import Opening, read_opening
from ldirectord_py.config.meaning.checks import CheckContext, VirtualChecks
from ldirectord_py.config.meaning.doubts import doubt
from ldirectord_py.config.meaning.resolve import Resolver, irreplaceable, unwritable
from ldirectord_py.config.meaning.servers import ResolvedServer, fallbacks, misplaced, real_servers
from ldirectord_py.config.meaning.table_settings import settings
from ldirectord_py.config.meaning.tls import tell_what_has_no_effect
from ldirectord_py.config.meaning.vips import vip_place
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer
from ldirectord_py.model.config import Alerting, Fallback, ForeignWeight, Real, Virtual
from ldirectord_py.model.service import AddressKey, MarkKey, Protocol, VirtualKey, kernel_endpoint

_NOBODY = Endpoint(IPv4Address(0), 1)


def virtual(section: Section, around: CheckContext) -> Virtual | None:
    """Return the virtual that *section* describes; None where it has no identity.  Problems go to the diagnostics."""
    line, diagnostics = section.opening.number, around.diagnostics
    values = read_values(section.lines, Scope.SECTION, diagnostics, outer=around.values)
    try:
        opening = read_opening(section.opening.name, section.opening.value or "")
    except Unreadable as exc:
        diagnostics.error(line, exc.told(section.opening.name))
        return None
    for note in opening.notes:
        diagnostics.warning(line, f"{section.opening.name}: {note}", "surprising-value")
    protocol = _protocol(values, opening, diagnostics)
    servers = real_servers(values, opening.family, around.environment, diagnostics)
    try:
        key = _key(opening, protocol, around.environment)
    except Unreadable as exc:
        diagnostics.error(line, f"{section.opening.name}: {opening.bare or exc}")
        return None
    if opening.bare:
        diagnostics.warning(line, f"{section.opening.name}: read as {key}; {opening.bare}", "surprising-value")
    doubt(values, diagnostics)
    _check_files(values, around)
    return _Named(line, key, values, around).complete(servers)


@dataclass(frozen=True, slots=True)
class _Named:
    """A section whose virtual is known."""

    line: int
    key: VirtualKey
    values: Values
    around: CheckContext

    def complete(self, servers: list[ResolvedServer]) -> Virtual:
        values, around = self.values, self.around
        checks = VirtualChecks.of(values.get(CHECKS), values, self.key, self.line, around)
        reals = tuple(self.reals(checks, servers))
        if reals:
            tell_what_has_no_effect(values, checks.all_options[0], (real.plan for real in reals), around.diagnostics)
        return Virtual(
            key=self.key,
            settings=settings(self.key, values, around.diagnostics),
            reals=reals,
            fallback=self.fallback(),
            check_options=checks.all_options[0],
            checks=checks.all_options if len(checks.all_options) > 1 else (),
            quiescent=values.get(table.QUIESCENT),
            cleanstop=values.get(table.CLEANSTOP),
            handset=ForeignWeight(values.get(table.HANDSET)),
            vips=vip_place(self.key, values, self.line, around),
            failurecount=values.get(FAILURECOUNT),
            fallbackcommand=values.own(telling.SECTION_FALLBACKCOMMAND) or around.values.get(telling.FALLBACKCOMMAND),
            alerting=_alerting(values, around.values),
            monitorfile=values.get(telling.MONITORFILE),
            trackfile=values.get(TRACKFILE),
            servicename=values.get(telling.SERVICENAME),
            comment=values.get(telling.COMMENT),
            file=around.diagnostics.files.place(self.line)[0],
            line=around.diagnostics.files.place(self.line)[1],
        )

    def fallback(self) -> Fallback | None:
        values, around, family = self.values, self.around, self.key.family
        right, wrong = (table.FALLBACK6, table.FALLBACK) if family == 6 else (table.FALLBACK, table.FALLBACK6)
        for entry in values.each(wrong):
            around.diagnostics.error(entry.line, misplaced(wrong.name, right.name))
        protocol, port = "fwm", 0
        if isinstance(self.key, AddressKey):
            protocol, port = self.key.protocol, self.key.endpoint.port
        own = Values({right.name: values.each(right)})
        found = fallbacks(own, (protocol,), around.environment, around.diagnostics)
        reserve = found.get(family) or around.fallbacks.get(family)
        return reserve.at(port) if reserve else None

    def reals(self, checks: VirtualChecks, servers: list[ResolvedServer]) -> Iterator[Real]:
        lines: dict[Endpoint, int] = {}
        if not servers and (self.values.each(table.REAL) or self.values.each(table.REAL6)):
            # None of the lines names a server: ask one that nobody has, so that what else is wrong is told as well.
            checks.plan(CheckedServer(virtual=self.key, endpoint=_NOBODY), self.line)
        own: dict[WrittenChecks, VirtualChecks] = {}
        for server in servers:
            written = server.written
            if written.checks and written.checks not in own:
                own[written.checks] = VirtualChecks.of(written.checks, self.values, self.key, server.line, self.around)
            kept = kernel_endpoint(self.key, server.endpoint, written.forwarding)
            if kept in lines:
                first = self.around.diagnostics.files.told(lines[kept], beside=server.line)
                sentence = f"real: {kept} is there already, from {first}"
                self.around.diagnostics.warning(server.line, sentence, "duplicate-real")
            lines.setdefault(kept, server.line)
            checked = CheckedServer(
                virtual=self.key,
                endpoint=server.endpoint,
                request=written.request,
                receive=written.receive,
                redacted=written.redacted,
            )
            if (plan := own.get(written.checks, checks).plan(checked, server.line)) is not None:
                yield Real(
                    endpoint=server.endpoint,
                    destination=server.destination,
                    plan=plan,
                    request=written.request,
                    receive=written.receive,
                    file=self.around.diagnostics.files.place(server.line)[0],
                    line=self.around.diagnostics.files.place(server.line)[1],
                )


def _protocol(values: Values, opening: Opening, diagnostics: Diagnostics) -> Protocol:
    chosen = Protocol.UDP if opening.udp else Protocol.TCP
    for entry in values.each(table.PROTOCOL):
        if opening.mark is not None:
            if entry.value != "fwm":
                sentence = "a virtual that is a firewall mark has fwm, and no other protocol"
                diagnostics.error(entry.line, f"protocol: {sentence}; remove the line")
        elif entry.value in set(Protocol):
            chosen = Protocol(entry.value)
        else:
            diagnostics.error(entry.line, unknown_word("protocol", entry.value or "", tuple(Protocol)))
    return chosen


def _key(opening: Opening, protocol: Protocol, environment: Resolver) -> VirtualKey:
    """Return the virtual that is opened; raises `Unreadable`."""
    if opening.mark is not None:
        return MarkKey(opening.mark, opening.family)
    address = environment.host_address(opening.host, opening.family)
    port = environment.port_number(opening.port, protocol)
    if address is None:
        raise Unreadable(environment.no_host(opening.host, opening.family))
    if port is None:
        raise Unreadable(no_port(opening.port))
    return AddressKey(protocol, Endpoint(address, port))


def _alerting(values: Values, everywhere: Values) -> Alerting:
    return Alerting(
        recipients=values.get(telling.EMAILALERT),
        frequency=values.get(telling.EMAILALERTFREQ),
        status=values.get(telling.EMAILALERTSTATUS),
        smtp=values.get(telling.SMTP),
        sender=everywhere.get(telling.EMAILALERTFROM),
    )


def _check_files(values: Values, around: CheckContext) -> None:
    if not around.environment.check_paths:
        return
    for entry in values.each(telling.MONITORFILE):
        if reason := unwritable(entry.value or ""):
            sentence = f"unable to open monitorfile {shown(entry.value or '')}: {reason}"
            around.diagnostics.warning(entry.line, f"monitorfile: {sentence}", "unwritable-file")
    check_trackfiles(values, around.diagnostics)


def check_trackfiles(values: Values, diagnostics: Diagnostics) -> None:
    """Warn of track files that cannot be written on this machine."""
    for entry in values.each(TRACKFILE):
        if reason := irreplaceable(entry.value or ""):
            sentence = f"unable to write {shown(entry.value or '')}: {reason}; until it can be, nobody learns from it"
            diagnostics.warning(entry.line, f"trackfile: {sentence}", "unwritable-file")
