"""The ways to the real servers, and back."""

from collections.abc import Iterator

from ldirectord_py.cluster.doctor.surroundings import Check, Server, Surroundings
from ldirectord_py.cluster.finding import Finding, Severity, setting_commands
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.service import Forwarding
from ldirectord_py.system.sysctls import of_device

_OVERHEAD = {4: 20, 6: 40}
"""Bytes of the header around a tunnelled packet, by family (RFC 2003, RFC 2473 without its option)."""
_HEADERS = {4: 40, 6: 60}
"""Bytes of the headers of IP and TCP, by family."""


def _routes(seen: Surroundings) -> Iterator[Finding]:
    for address in _addresses(seen, *Forwarding):
        if seen.routes.get(address) is None:
            yield Finding(
                id="no-route",
                severity=Severity.ERROR,
                text=f"there is no way to the real server {address}: it gets no connection, and no check",
                evidence=f"the kernel has no route to {address}, or one that refuses it",
                command=f"ip route add {address} via ROUTER",
            )


def _connected(seen: Surroundings) -> Iterator[Finding]:
    for address in _addresses(seen, Forwarding.GATE):
        route = seen.routes.get(address)
        if route is not None and route.gateway is not None:
            yield Finding(
                id="gate-remote",
                severity=Severity.ERROR,
                text=(
                    f"the real server {address} has gate, and is in no network of this machine: the router would send"
                    " what is for the VIP back here; use ipip or masq for it"
                ),
                evidence=f"the way to {address} leads by the router {route.gateway} on {route.device}",
            )


def _tunnels(seen: Surroundings) -> Iterator[Finding]:
    """Check whether what comes in still fits with the tunnel's header around it."""
    told = set()
    for server in seen.servers(Forwarding.IPIP):
        route = seen.routes.get(server.address)
        if route is None or route.local or server.address in told:
            continue
        room = (route.mtu or _mtu(seen, route.device)) - _OVERHEAD[server.address.version]
        incoming = _mtu(seen, _arrival(seen, server) or route.device)
        if room < incoming:
            told.add(server.address)
            segment = room - _HEADERS[server.address.version]
            yield Finding(
                id="mtu",
                severity=Severity.WARNING,
                text=(
                    f"packets of more than {room} bytes do not fit into the tunnel to {server.address}: clients that"
                    " send such have to be told by ICMP, which many firewalls throw away"
                ),
                evidence=f"packets of {incoming} bytes come in, and {room} leave through {route.device} in a tunnel",
                command=f"ip route change default via ROUTER advmss {segment}  # on {server.address}",
            )


def _returns(seen: Surroundings) -> Iterator[Finding]:
    """Check, as far as it is seen from here, whether answers of servers with masq come back by this machine."""
    told = set()
    for server in seen.servers(Forwarding.MASQ):
        route = seen.routes.get(server.address)
        if route is None or route.local or server.address in told:
            continue
        shared = next(seen.network.connected(server.address), None)
        if route.gateway is not None:
            text = (
                f"whether answers of {server.address} come back by this machine, as they must with masq, is not seen"
                f" from here: its router {route.gateway} has to send them here"
            )
        elif server.vip is not None and shared is not None and shared.connects(server.vip):
            text = (
                f"clients in the network of {server.address} and of the VIP {server.vip} are answered past this machine"
                " unless that server has a route to them that leads here"
            )
        else:
            continue
        told.add(server.address)
        evidence = f"the way to {server.address} leads through {route.device}"
        yield Finding(id="nat-return", severity=Severity.NOTE, text=text, evidence=evidence)


def _redirects(seen: Surroundings) -> Iterator[Finding]:
    """Check send_redirects, of which the larger one of two values is in force."""
    devices = {}
    for server in seen.servers(Forwarding.MASQ):
        route = seen.routes.get(server.address)
        if server.address.version != 4 or server.vip is None or route is None:
            continue
        if not route.local and route.gateway is None and seen.wire_of(server.vip) == route.device:
            devices[route.device] = server
    for device, server in devices.items():
        names = [of_device("ipv4", each, "send_redirects") for each in ("all", device)]
        wanted = tuple((name, 0) for name in names if seen.setting(name))
        if wanted:
            yield Finding(
                id="send-redirects",
                severity=Severity.WARNING,
                text=(
                    f"{server.address} is on the wire of the VIP {server.vip}, and this machine tells it of shorter"
                    " ways to clients: its answers then go past this machine"
                ),
                evidence=", ".join(f"{name} is {seen.setting(name)}" for name, _ in wanted),
                command=setting_commands(wanted),
                sysctls=wanted,
            )


def _addresses(seen: Surroundings, *forwardings: Forwarding) -> list[IPAddress]:
    return list(dict.fromkeys(server.address for server in seen.servers(*forwardings)))


def _arrival(seen: Surroundings, server: Server) -> str | None:
    """Return the device by which a client's packets for *server* come in, as far as that is known."""
    return None if server.vip is None else seen.wire_of(server.vip)


def _mtu(seen: Surroundings, device: str) -> int:
    return seen.network.devices[device].mtu if device in seen.network.devices else 1500


CHECKS = (
    Check("no-route", "there is a way to each real server", _routes),
    Check("gate-remote", "real servers with gate are in a network of this machine", _connected),
    Check("mtu", "what comes in fits into the tunnels to servers with ipip", _tunnels),
    Check("nat-return", "answers of servers with masq come back by this machine, as far as that is seen", _returns),
    Check("send-redirects", "servers with masq are not told of ways past this machine", _redirects),
)
