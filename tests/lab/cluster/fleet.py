"""Directors that all serve at once: a router sends each connection to one of them, by a hash (ECMP)."""

import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.cluster.cluster import VIRTUAL, Cluster, running_cluster
from tests.lab.cluster.held import Held
from tests.lab.cluster.node import Node
from tests.lab.support.namespaces import Host
from tests.lab.support.scene import VIP, Real, forward, take_virtual_addresses
from tests.peers.webserver import ALIVE, Page

CONNECTIONS = 500
_CONFIG = """\
checkinterval=1
reconcileinterval=1
negotiatetimeout=1
quiescent=yes
virtual={virtual}
{reals}
	service=http
	request="alive-{name}.html"
	receive="I'm alive!"
	scheduler=mh
	schedflags=mh-fallback,mh-port
"""


@dataclass(eq=False)
class Fleet:
    """The nodes of *cluster* behind a router; each asks the servers for a page of its own."""

    cluster: Cluster
    router: Host = field(init=False)

    def __post_init__(self) -> None:
        self.router = self.cluster.net.host("router", 3)
        forward(self.router)
        self.router.sysctl("ipv4.fib_multipath_hash_policy", 1)
        self.cluster.client.host.links.add_route(VIP, self.router.v4)
        for node in self.nodes:
            for real in self.reals:
                self.judge(real, node, alive=True)
            node.boot = self._boot
            self._boot(node)
        for node in self.nodes:
            self.wait_for(node)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The directors."""
        return self.cluster.nodes

    @property
    def reals(self) -> tuple[Real, ...]:
        """The real servers."""
        return self.cluster.reals

    def _boot(self, node: Node) -> None:
        take_virtual_addresses(node.host, "lo")
        node.host.sysctl("ipv4.vs.sloppy_tcp", 1)
        reals = "\n".join(f"\treal={real.at} gate" for real in self.reals)
        node.director.start(_CONFIG.format(virtual=VIRTUAL, reals=reals, name=node.name))

    def wait_for(self, node: Node, *out: Real) -> None:
        """Wait until *node* has all servers in but those that are *out*."""
        node.director.wait_for_weights({real.at: int(real not in out) for real in self.reals}, 60)

    def judge(self, real: Real, node: Node, *, alive: bool) -> None:
        """Let *node* find *real* well, or not, whatever the others find."""
        real.site.pages[f"/alive-{node.name}.html"] = Page(ALIVE if alive else b"I'm afraid not")

    def send_to(self, *nodes: Node) -> None:
        """Let the router send connections to *nodes*."""
        ways = " ".join(f"nexthop via {node.host.v4}" for node in nodes)
        self.router.run(f"ip route replace {VIP}/32 {ways}")

    def hold(self) -> Held:
        """Return new connections of the client, to be used in a `with` block."""
        return Held(self.cluster.client.host, VIRTUAL, CONNECTIONS)

    def carried(self, held: Held) -> Mapping[str, set[int]]:
        """Return which connections each director knows, by their ports."""
        living = (node for node in self.nodes if node.name in self.cluster.net.hosts)
        return {node.name: _clients(node.host) & set(held.ports) for node in living}


@contextmanager
def running_fleet(folder: Path, directors: int = 3) -> Iterator[Fleet]:
    """Build it, with all directors and servers up, and with room for both ends of its connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 8 * CONNECTIONS), hard))
    try:
        with running_cluster(folder, directors) as cluster:
            yield Fleet(cluster)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _clients(host: Host) -> set[int]:
    with host.inside():
        rows = Path("/proc/thread-self/net/ip_vs_conn").read_text().splitlines()[1:]
    return {int(row.split()[2], 16) for row in rows}
