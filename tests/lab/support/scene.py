"""A whole scene: a client, a director with a virtual address, and real servers, all on one bridge."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.support.client import Client
from tests.lab.support.director import ORIGINAL, PROGRAMS, Director
from tests.lab.support.namespaces import Host, Net
from tests.peers.webserver import Site, WebServer

VIP, VIP6 = "10.9.0.100", "fd00:9::100"


@dataclass(frozen=True, slots=True)
class Real:
    """A real server: its host and the site that it serves there."""

    host: Host
    site: Site
    port: int = 80

    @property
    def at(self) -> str:
        """Its IPv4 address and port, as the table names it."""
        return f"{self.host.v4}:{self.port}"

    @property
    def at6(self) -> str:
        """Its IPv6 address and port, as the table names it."""
        return f"[{self.host.v6}]:{self.port}"


@dataclass(eq=False)
class Scene:
    """Builds the scene on *net*; web servers run in *web*, what directors write goes below *folder*."""

    net: Net
    web: WebServer
    folder: Path
    client: Client = field(init=False)
    director: Director = field(init=False)
    """Our daemon (the environment variable LAB_PROGRAM=original puts the original in its place)."""
    original: Director = field(init=False)
    """The original on the same host; not to be run at the same time."""

    def __post_init__(self) -> None:
        host = self.net.host("director", 1)
        self.client = Client(self.net.host("client", 2))
        # Not preferred, so that a tunnel's packets leave from the director's own address: the far end has VIP6 too.
        host.links.add_address(f"{VIP}/32")
        host.links.add_address(f"{VIP6}/128", preferred=False)
        forward(host)
        program = PROGRAMS[os.environ.get("LAB_PROGRAM", "ours")]
        self.director = Director(host, program, self.folder / "ours")
        self.original = Director(host, ORIGINAL, self.folder / "original")

    def real(self, name: str, method: str = "gate", port: int = 80) -> Real:
        """Add a real server that is set up for a forwarding method: `gate`, `masq` or `ipip`."""
        host = self.net.host(name)
        match method:
            case "gate":
                take_virtual_addresses(host, "lo")
            case "masq":
                _answer_through(self.director.host, host, self.client.host)
            case "ipip":
                _end_tunnels(host)
            case _:
                raise ValueError(f"expected gate, masq or ipip, but got {method!r}")
        return serve(self.web, host, port)

    def director_itself(self) -> Real:
        """Let the director serve too, as a real server of its own."""
        return serve(self.web, self.director.host)

    def sections(self) -> list[tuple[str, str]]:
        """Return what the report of a failed test shows."""
        return [*self.director.sections(), *self.original.sections()]


def serve(web: WebServer, host: Host, port: int = 80) -> Real:
    """Run a web site, and an answer to datagrams, on every address of *host*; the site is named like the host."""
    site = Site(host.name)
    web.serve(site, host.listen(port))
    web.serve(site, host.listen(port, udp=True))
    return Real(host, site, port)


def forward(host: Host) -> None:
    """Let a director forward for its real servers, and not tell them of shorter ways round it."""
    host.sysctl("ipv4.ip_forward", 1)
    host.sysctl("ipv6.conf.all.forwarding", 1)
    host.sysctl("ipv4.conf.all.send_redirects", 0)
    host.sysctl("ipv4.conf.eth0.send_redirects", 0)


def take_virtual_addresses(host: Host, device: str) -> None:
    """Give the host the virtual addresses without answering ARP for them; for IPv6 the kernel keeps silent anyway."""
    for name in ("all", "eth0"):
        host.sysctl(f"ipv4.conf.{name}.arp_ignore", 1)
        host.sysctl(f"ipv4.conf.{name}.arp_announce", 2)
    host.links.add_address(f"{VIP}/32", device)
    host.links.add_address(f"{VIP6}/128", device)


def _answer_through(director: Host, real: Host, client: Host) -> None:
    """Send the answers for *client* through *director*, although both are on the same wire."""
    for name in ("all", "eth0"):
        real.sysctl(f"ipv6.conf.{name}.accept_redirects", 0)  # a director cannot be kept from sending them
    real.links.add_route(client.v4, director.v4)
    real.links.add_route(client.v6, director.v6)


def _end_tunnels(host: Host) -> None:
    """Unpack what arrives in IP-in-IP or IPv6-in-IPv6; its source lies outside the tunnel, hence no rp_filter."""
    host.links.up("tunl0", "ip6tnl0")
    for name in ("all", "tunl0"):
        host.sysctl(f"ipv4.conf.{name}.rp_filter", 0)
    take_virtual_addresses(host, "lo")
