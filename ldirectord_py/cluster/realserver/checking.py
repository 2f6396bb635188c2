"""What is wrong with a machine that is to be a real server for direct routing or tunnelling."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ldirectord_py.cluster.finding import Finding, FindingSeverity, setting_commands
from ldirectord_py.cluster.network import TUNNELS, HeldAddress, Network
from ldirectord_py.cluster.realserver.steps import OWN_SENDER, SILENT, ReadSetting
from ldirectord_py.model.address import IPAddress
from ldirectord_py.system.sysctls import of_device


@dataclass(frozen=True, slots=True, kw_only=True)
class RealServer:
    """What is to be known of it."""

    vips: Sequence[IPAddress]
    network: Network
    setting: ReadSetting
    tunnel: bool = False
    """Whether packets come to it through tunnels."""

    @property
    def hidden(self) -> list[IPAddress]:
        """The IPv4 VIPs that it has on devices without ARP; IPv6 ones need no settings."""
        held = (vip for vip in self.vips if vip.version == 4 and self.network.holders(vip))
        return [vip for vip in held if not self.network.on_wire(vip)]

    def in_force(self, kind: str, device: str) -> int:
        """Return the value of a setting of `net.ipv4.conf` that counts for *device*: the larger one of two."""
        return max(self.setting(of_device("ipv4", each, kind)) or 0 for each in ("all", device))

    def wires(self) -> list[str]:
        """Return the devices that ARP is spoken on."""
        return [name for name, device in self.network.devices.items() if device.arp and device.up]


ExamineServer = Callable[[RealServer], Iterator[Finding]]


def examine(server: RealServer) -> list[Finding]:
    """Return what is wrong, the worst first."""
    found = [finding for check in _CHECKS for finding in check(server)]
    return sorted(found, key=lambda finding: list(FindingSeverity).index(finding.severity))


def _absent(server: RealServer) -> Iterator[Finding]:
    for vip in server.vips:
        if not server.network.holders(vip):
            yield Finding(
                id="no-vip",
                severity=FindingSeverity.ERROR,
                text=f"the VIP {vip} is not on this machine: what the director sends for it is thrown away",
                command=f"ldirectorctl realserver up {vip}",
            )


def _on_wire(server: RealServer) -> Iterator[Finding]:
    for vip in server.vips:
        for held in server.network.on_wire(vip):
            question = "ARP" if vip.version == 4 else "neighbour solicitations"
            yield Finding(
                id="vip-on-wire",
                severity=FindingSeverity.ERROR,
                text=(
                    f"the VIP {vip} is on {held.device}, which answers {question} for it: clients will reach this"
                    " server without the director"
                ),
                evidence=f"{held} on {held.device}",
                command=f"ip address del {held} dev {held.device} && ldirectorctl realserver up {vip}",
            )


def _network_with_it(server: RealServer) -> Iterator[Finding]:
    for held in _holders(server):
        if held.length < held.address.max_prefixlen and held.device == "lo":
            yield Finding(
                id="vip-prefix",
                severity=FindingSeverity.ERROR,
                text=(
                    f"the VIP {held.address} is on lo with the prefix length {held.length}: every address of that"
                    " network counts as this machine's own, and is not reached from here"
                ),
                evidence=f"{held} on lo",
                command=f"ip address del {held} dev lo && ldirectorctl realserver up {held.address}",
            )


def _answers(server: RealServer) -> Iterator[Finding]:
    """Check arp_ignore: whether a device answers for an address of another one."""
    for device in server.wires() if server.hidden else ():
        if (value := server.in_force("arp_ignore", device)) not in SILENT:
            vips = ", ".join(map(str, server.hidden))
            yield Finding(
                id="arp-ignore",
                severity=FindingSeverity.ERROR,
                text=(
                    f"{device} answers ARP for {vips}, although that is on another device: clients will reach this"
                    " server without the director"
                ),
                evidence=f"arp_ignore of all and {device} together is {value}, expected 1 or 2",
                command=setting_commands(_silencing(server, device, value)),
            )


def _announces(server: RealServer) -> Iterator[Finding]:
    """Check arp_announce: which of its addresses the machine names as the sender when it asks for others."""
    for device in server.wires() if server.hidden else ():
        if (value := server.in_force("arp_announce", device)) < OWN_SENDER:
            vips = ", ".join(map(str, server.hidden))
            yield Finding(
                id="arp-announce",
                severity=FindingSeverity.ERROR,
                text=(
                    f"ARP requests from {device} may name {vips} as their sender: routers and clients then take this"
                    " server for the director"
                ),
                evidence=f"arp_announce of all and {device} together is {value}, expected 2",
                command=setting_commands([("net.ipv4.conf.all.arp_announce", OWN_SENDER)]),
            )


def _unusable(server: RealServer) -> Iterator[Finding]:
    for held in _holders(server):
        if held.unusable:
            yield Finding(
                id="vip-tentative",
                severity=FindingSeverity.ERROR,
                text=f"the VIP {held.address} cannot be used: duplicate address detection is not over, or met another",
                evidence=f"{held} on {held.device} is tentative",
                command=f"ip address del {held} dev {held.device} && ldirectorctl realserver up {held.address}",
            )


def _device_down(server: RealServer) -> Iterator[Finding]:
    for device in dict.fromkeys([*_tunnels(server), *(held.device for held in _holders(server))]):
        known = server.network.devices.get(device)
        if known is None or not known.up:
            state = "down" if known else "missing"
            yield Finding(
                id="device-down",
                severity=FindingSeverity.ERROR,
                text=f"the device {device} is {state}: packets for the VIP are thrown away",
                evidence=f"{device} is {state}",
                command=f"ip link set {device} up"
                if known
                else f"ldirectorctl realserver up --tunnel {_words(server)}",
            )


def _filtered(server: RealServer) -> Iterator[Finding]:
    """Check rp_filter: clients are not reached by the tunnel's device, so the strict filter takes them for forged."""
    device = TUNNELS[4]
    if device not in _tunnels(server) or device not in server.network.devices:
        return
    value = server.in_force("rp_filter", device)
    addressed = any(held.device == device and held.address.version == 4 for held in server.network.addresses)
    if value == 0 or (value == 2 and addressed):
        return
    everywhere = server.setting("net.ipv4.conf.all.rp_filter")
    wanted = [(f"net.ipv4.conf.{device}.rp_filter", 2 if addressed and everywhere else 0)]
    if not addressed and everywhere:
        wanted.append(("net.ipv4.conf.all.rp_filter", 0))
    yield Finding(
        id="rp-filter",
        severity=FindingSeverity.ERROR,
        text=f"packets that come through {device} are thrown away, because another device leads to their senders",
        evidence=f"rp_filter of all and {device} together is {value}",
        command=setting_commands(wanted),
    )


_CHECKS: tuple[ExamineServer, ...] = (
    *(_absent, _on_wire, _network_with_it, _answers, _announces),
    *(_unusable, _device_down, _filtered),
)


def _holders(server: RealServer) -> Iterator[HeldAddress]:
    for vip in server.vips:
        yield from server.network.holders(vip)


def _tunnels(server: RealServer) -> list[str]:
    """Return the devices that tunnels end at."""
    used = {held.device for held in _holders(server)}
    families = {vip.version for vip in server.vips}
    return [name for family, name in TUNNELS.items() if family in families and (server.tunnel or name in used)]


def _silencing(server: RealServer, device: str, value: int) -> list[tuple[str, int]]:
    """Return the settings that keep *device* from answering, of which *value* is in force."""
    names = [of_device("ipv4", each, "arp_ignore") for each in ("all", device)]
    return [(name, 1) for name in names if value and server.setting(name) == value] or [(names[0], 1)]


def _words(server: RealServer) -> str:
    return " ".join(map(str, server.vips))
