"""The ways to the real servers, and back."""

from collections.abc import Iterator, Sequence

from ldirectord_py.cluster.doctor.surroundings import Check, Server, Surroundings
from ldirectord_py.cluster.finding import Finding, FindingSeverity, setting_commands
from ldirectord_py.cluster.network import Route
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.service import Forwarding
from ldirectord_py.system.sysctls import of_device

_OVERHEAD = {4: 20, 6: 40}
"""Bytes of the header around a tunnelled packet, by family (RFC 2003, RFC 2473 without its option)."""
_HEADERS = {4: 40, 6: 60}
"""Bytes of the headers of IP and TCP, by family."""
_LISTED = 10


def _routes(seen: Surroundings) -> Iterator[Finding]:
    if lost := [address for address in _addresses(seen, *Forwarding) if seen.routes.get(address) is None]:
        yield Finding(
            id="no-route",
            severity=FindingSeverity.ERROR,
            text=f"there is no way to {_named(lost)}: neither connections nor checks get there",
            evidence=f"the kernel has no route, or one that refuses, to {_listed(lost)}",
            command=f"ip route add {lost[0]} via ROUTER",
        )


def _connected(seen: Surroundings) -> Iterator[Finding]:
    routers: dict[Route, list[IPAddress]] = {}
    for address in _addresses(seen, Forwarding.GATE):
        route = seen.routes.get(address)
        if route is not None and route.gateway is not None:
            routers.setdefault(route, []).append(address)
    for route, addresses in routers.items():
        yield Finding(
            id="gate-remote",
            severity=FindingSeverity.ERROR,
            text=(
                f"with gate, a router is on the way to {_named(addresses)}, and sends what is for the VIP back here;"
                " use ipip or masq, or a network of this machine"
            ),
            evidence=f"the router {route.gateway} on {route.device} leads to {_listed(addresses)}",
        )


def _tunnels(seen: Surroundings) -> Iterator[Finding]:
    """Check whether what comes in still fits with the tunnel's header around it."""
    narrow: dict[tuple[int, int, str], dict[IPAddress, None]] = {}
    for server in seen.servers(Forwarding.IPIP):
        route = seen.routes.get(server.address)
        if route is None or route.local:
            continue
        room = (route.mtu or _mtu(seen, route.device)) - _OVERHEAD[server.address.version]
        incoming = _mtu(seen, _arrival(seen, server) or route.device)
        if room < incoming:
            narrow.setdefault((room, incoming, route.device), {})[server.address] = None
    for (room, incoming, device), found in narrow.items():
        addresses = list(found)
        segment = room - _HEADERS[addresses[0].version]
        yield Finding(
            id="mtu",
            severity=FindingSeverity.WARNING,
            text=(
                f"packets of more than {room} bytes do not fit into the tunnel to {_named(addresses)}: clients that"
                " send such have to be told by ICMP, which many firewalls throw away"
            ),
            evidence=f"{incoming} bytes come in, {room} leave through {device} in a tunnel to {_listed(addresses)}",
            command=f"ip route change default via ROUTER advmss {segment}  # on {_listed(addresses)}",
        )


def _returns(seen: Surroundings) -> Iterator[Finding]:
    """Check, as far as it is seen from here, whether answers of servers with masq come back by this machine."""
    routers: dict[IPAddress, dict[IPAddress, None]] = {}
    shared: dict[IPAddress, dict[IPAddress, None]] = {}
    for server in seen.servers(Forwarding.MASQ):
        route = seen.routes.get(server.address)
        if route is None or route.local:
            continue
        if route.gateway is not None:
            routers.setdefault(route.gateway, {})[server.address] = None
        elif server.vip is not None and any(h.connects(server.vip) for h in seen.network.connected(server.address)):
            shared.setdefault(server.vip, {})[server.address] = None
    for router, found in routers.items():
        text = (
            f"whether answers of {_named(list(found))} come back by this machine, as they must with masq, is not seen"
            f" from here: the router {router} has to send them here"
        )
        yield Finding(
            id="nat-return", severity=FindingSeverity.NOTE, text=text, evidence=f"it leads to {_listed(list(found))}"
        )
    for vip, found in shared.items():
        text = (
            f"clients in the network of {_named(list(found))} and of the VIP {vip} are answered past this machine,"
            " unless a route to them leads here"
        )
        evidence = f"in one network with {vip}: {_listed(list(found))}"
        yield Finding(id="nat-return", severity=FindingSeverity.NOTE, text=text, evidence=evidence)


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
                severity=FindingSeverity.WARNING,
                text=(
                    f"{server.address} is on the wire of the VIP {server.vip}, and this machine tells it of shorter"
                    " ways to clients: its answers then go past this machine"
                ),
                evidence=", ".join(f"{name} is {seen.setting(name)}" for name, _ in wanted),
                command=setting_commands(wanted),
                sysctls=wanted,
            )


def _named(addresses: Sequence[IPAddress]) -> str:
    """Return servers as a sentence has them: one with its address, or the first with how many more."""
    more = len(addresses) - 1
    return (
        f"{addresses[0]} and {more} more real server{'s' * (more > 1)}" if more else f"the real server {addresses[0]}"
    )


def _listed(addresses: Sequence[IPAddress]) -> str:
    """Return the first of them, and how many more there are."""
    first = ", ".join(map(str, addresses[:_LISTED]))
    return f"{first} and {len(addresses) - _LISTED} more" if len(addresses) > _LISTED else first


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
