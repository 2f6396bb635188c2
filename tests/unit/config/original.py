"""Our configuration in the words of the original's memory dump, so that the two can be compared value by value."""

import re
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

from ldirectord_py.checks import registry
from ldirectord_py.config.grammar.diagnostics import Diagnostics
from ldirectord_py.config.grammar.directive import Directive, Scope
from ldirectord_py.config.grammar.directives import all_directives as directives
from ldirectord_py.config.grammar.directives.director_directives import EXECUTE
from ldirectord_py.config.grammar.tree import SourceMap
from ldirectord_py.config.grammar.values import Values, read_values
from ldirectord_py.config.meaning.resolve import Resolver, host_address
from ldirectord_py.config.meaning.table_settings import SCHEDULER_FLAGS
from ldirectord_py.config.syntax import cf
from ldirectord_py.model.address import IPAddress, bracketed
from ldirectord_py.model.checks.check_options import CheckOptions, CheckType
from ldirectord_py.model.config import Config, Fallback, Real, Virtual
from ldirectord_py.model.service import AddressKey, Forwarding, Protocol
from ldirectord_py.model.table import ServiceFlags

Words = dict[str, Any]

INHERITED = (
    "quiescent",
    "cleanstop",
    "emailalert",
    "emailalertfreq",
    "emailalertstatus",
    "smtp",
    "checkinterval",
    "fallbackcommand",
)
ABSENT = (
    *("checkport", "comment", "fallback", "fwm", "monitorfile", "persistent", "schedflags", "server", "servicename"),
    "virtualhost",
)


def numeric_address(host: str, family: int) -> IPAddress | None:
    """Resolve what needs no name server: numbers as the C library reads them, and `localhost` (of IPv4)."""
    if host == "localhost":
        return IPv4Address("127.0.0.1") if family == 4 else None
    if host and family == 4:
        try:
            return IPv4Address(socket.inet_ntoa(socket.inet_aton(host)))
        except OSError:
            return None
    return host_address(host, family) if not host or host.startswith("[") else None


TESTHOST = Resolver(host_name=lambda: "testhost", host_address=numeric_address)


def globals_of(text: bytes) -> Words:
    """Return the global values of an accepted file, in the original's words."""
    values = read_values(cf.read(text, "x.cf").lines, Scope.GLOBAL, Diagnostics(SourceMap("x.cf")))

    def word(row: Directive[Any], values: Values = values) -> str | None:
        value = values.get(row)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if value is None:
            return "-1" if row.name.endswith("timeout") else None
        return str(int(value)) if isinstance(value, int) else str(value)

    named = {row.name: word(row) for row in directives.rows(Scope.GLOBAL).values()}
    ours = (
        "fallback",
        "fallback6",
        "connecttimeout",
        "timeout",
        "faultdown",
        "faultlimit",
        "historyfile",
        "historysize",
        "role",
        "standbyinterval",
        "syncdaemon",
        "metricsdetail",
        "apicertificate",
        "apiclientca",
        "apiclients",
        "apigroup",
        "apihosts",
        "apikey",
        "apireadgroup",
        "apitokens",
        "metricslisten",
        "statuslisten",
        "record",
        "reconcileinterval",
        "reloadlimit",
        "sysctls",
        "handset",
        "vips",
        "trackfile",
    )
    ours += (
        "checksource",
        "checkdevice",
        "checkuser",
        "tlsverify",
        "tlscafile",
        "tlscertfile",
        "tlskeyfile",
        "tlsservername",
        "tlsciphers",
        "tlsminimum",
    )
    words: Words = {name: value for name, value in named.items() if name not in ours}
    words["execute"] = [entry.value for entry in values.each(EXECUTE)]
    return words


def virtual_words(virtual: Virtual) -> Words:
    options, settings, key = virtual.check_options, virtual.settings, virtual.key
    address = isinstance(key, AddressKey)
    words: Words = {
        "checkcommand": options.checkcommand,
        "checkcount": str(options.checkcount),
        "checkport": number(options.checkport),
        "checktimeout": number(options.checktimeout),
        "checktype": str(options.checktype),
        "comment": virtual.comment,
        "database": options.database,
        "failurecount": str(virtual.failurecount),
        "fallback": fallback_words(virtual.fallback) if virtual.fallback else None,
        "fwm": None if isinstance(key, AddressKey) else str(key.mark),
        "httpmethod": options.httpmethod,
        "id": str(key),
        "ipvsadm_service": ipvsadm_words(virtual),
        "login": options.login,
        "negotiatetimeout": number(options.negotiatetimeout),
        "netmask": str(settings.netmask),
        "num_connects": str(options.connects),
        "ops": yes_no(ServiceFlags.ONE_PACKET in settings.flags),
        "passwd": options.passwd,
        "persistent": str(settings.persistence) if ServiceFlags.PERSISTENT in settings.flags else None,
        "port": str(key.endpoint.port) if isinstance(key, AddressKey) else "0",
        "protocol": str(key.protocol) if isinstance(key, AddressKey) else "fwm",
        "receive": options.receive,
        "request": options.request,
        "schedflags": int(settings.flags) & 0x38 or None,
        "scheduler": settings.scheduler,
        "secret": options.secret,
        "server": bracketed(key.endpoint.address) if isinstance(key, AddressKey) else None,
        "service": options.service,
        "servicename": virtual.servicename,
        "virtualhost": options.virtualhost,
        "monitorfile": virtual.monitorfile,
        "quiescent": yes_no(virtual.quiescent),
        "cleanstop": yes_no(virtual.cleanstop),
        "emailalert": virtual.alerting.recipients,
        "emailalertfreq": str(virtual.alerting.frequency),
        "emailalertstatus": str(int(virtual.alerting.status)),
        "smtp": virtual.alerting.smtp,
        "checkinterval": number(options.interval),
        "fallbackcommand": virtual.fallbackcommand,
        "reals": [real_words(virtual, real) for real in virtual.reals],
    }
    assert address or words["server"] is None
    return words


def number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def yes_no(value: bool) -> str:
    return "yes" if value else "no"


def fallback_words(fallback: Fallback) -> Words:
    endpoint = fallback.endpoint
    return {
        "forward": str(fallback.destination.forwarding),
        "port": str(endpoint.port),
        "server": bracketed(endpoint.address),
    }


def ipvsadm_words(virtual: Virtual) -> str:
    key, settings = virtual.key, virtual.settings
    if isinstance(key, AddressKey):
        words = ["-u" if key.protocol is Protocol.UDP else "-t", str(key.endpoint)]
    else:
        words = ["-f", str(key.mark), *(["-6"] if key.family == 6 else [])]
    if ServiceFlags.ONE_PACKET in settings.flags:
        words.append("-o")
    words += ["-s", settings.scheduler]
    if ServiceFlags.PERSISTENT in settings.flags:
        words += ["-p", str(settings.persistence), "-M", str(settings.netmask)]
    if bits := int(settings.flags) & 0x38:
        words += ["-b", str(bits)]
    return " ".join(words)


def real_words(virtual: Virtual, real: Real) -> Words:
    options, destination = virtual.check_options, real.destination
    server = bracketed(real.endpoint.address)
    request = options.request if real.request is None else real.request
    receive = options.receive if real.receive is None else real.receive
    port = options.checkport or real.endpoint.port or registry.standard_port(options.service)
    words: Words = {
        "checkport": number(port),
        "forward": str(destination.forwarding),
        "port": str(real.endpoint.port),
        "receive": receive,
        "request": request,
        "server": server,
        "url": url(options, f"{server}:{port or ''}", request, own=real.request is not None),
        "weight": str(destination.weight),
        "check_id": check_id(virtual, real, request, receive),
    }
    if destination.lower:
        words["l-threshold"] = str(destination.lower)
    if destination.upper:
        words["u-threshold"] = str(destination.upper)
    return words


def url(options: CheckOptions, place: str, request: str, *, own: bool) -> str:
    if options.service == "http_proxy" or (own and "://" in request):
        return request.removeprefix("/")
    return f"{options.service}://{place}{request}"


def check_id(virtual: Virtual, real: Real, request: str, receive: str) -> str:
    options, key = virtual.check_options, virtual.key
    kind = [str(options.checktype)]
    if options.checktype in {CheckType.NEGOTIATE, CheckType.COMBINED}:
        kind.append(options.service)
    elif options.checktype in {CheckType.EXTERNAL, CheckType.EXTERNAL_PERL}:
        kind.append(options.checkcommand)
    protocol = str(key.protocol) if isinstance(key, AddressKey) else "fwm"
    parts = [
        *(*kind, protocol, bracketed(real.endpoint.address), str(real.endpoint.port), options.virtualhost or ""),
        *(number(options.checkport) or "", str(real.destination.weight), str(Forwarding(real.destination.forwarding))),
        *(quotemeta(request), quotemeta(receive)),
    ]
    return ":".join(parts)


def quotemeta(text: str) -> str:
    return re.sub(rb"([^A-Za-z0-9_])", rb"\\\1", text.encode("utf-8", "surrogateescape")).decode("latin-1")


def in_force(virtual: Mapping[str, Any], everywhere: Mapping[str, Any]) -> Words:
    """Return the original's memory of a virtual with globals and defaults filled in, without what has no effect."""
    words: Words = {**{name: everywhere[name] for name in INHERITED}, **dict.fromkeys(ABSENT), **virtual}
    words.setdefault("reals", [])
    if words["persistent"] is None or "netmask" not in words:  # the original gives it to ipvsadm with -p only
        words["netmask"] = "128" if re.search(r"\[|fwm6", virtual["id"]) else "255.255.255.255"
    if virtual["protocol"] != "udp":
        words["ops"] = "no"
    if words["schedflags"]:
        bits = sum({SCHEDULER_FLAGS[name] for name in words["schedflags"].split(",")})
        words["ipvsadm_service"] = words["ipvsadm_service"].replace(f"-b {words['schedflags']}", f"-b {bits}")
        words["schedflags"] = bits
    if words["persistent"] is not None and " -M " not in words["ipvsadm_service"]:
        words["ipvsadm_service"] = re.sub(r"(-p \d+)", rf"\1 -M {words['netmask']}", words["ipvsadm_service"])
    return words


def differences(config: Config, text: bytes, parsed: Mapping[str, Any]) -> list[str]:
    """Return where *config* and the original's memory differ, as `place: ours, the original's`."""
    found = compared("global", globals_of(text), parsed["global"])
    ours = {str(virtual.key): virtual_words(virtual) for virtual in config.virtuals}
    theirs = {virtual["id"]: in_force(virtual, parsed["global"]) for virtual in parsed["virtuals"]}
    if list(ours) != list(theirs):
        return [*found, f"virtuals: {list(ours)}, {list(theirs)}"]
    for name, words in theirs.items():
        reals, their_reals = ours[name].pop("reals"), words.pop("reals")
        found += compared(name, ours[name], words)
        if len(reals) != len(their_reals):
            found.append(f"{name} reals: {len(reals)}, {len(their_reals)}")
        for index, (real, their_real) in enumerate(zip(reals, their_reals, strict=False)):
            found += compared(f"{name} real {index}", real, their_real)
    return found


def compared(place: str, ours: Words, theirs: Mapping[str, Any]) -> list[str]:
    names = sorted({*ours, *theirs})
    return [
        f"{place} {name}: {ours.get(name)!r}, {theirs.get(name)!r}"
        for name in names
        if ours.get(name) != theirs.get(name)
    ]
