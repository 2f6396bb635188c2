"""The scene: directors, three real servers and a client, with a witness of who holds the virtual address."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.cluster.node import Node
from tests.lab.cluster.timeline import Timeline
from tests.lab.cluster.traffic import HELD, RATE, Traffic
from tests.lab.cluster.witness import Witness
from tests.lab.support.client import Client
from tests.lab.support.namespaces import Net
from tests.lab.support.scene import VIP, Real, serve, take_virtual_addresses
from tests.peers.webserver import WebServer

VIRTUAL = f"{VIP}:80"

_CONFIG = """\
checkinterval=1
checktimeout=3
negotiatetimeout=3
quiescent=yes
{more}
virtual={virtual}
{reals}
	service=http
	request="alive.html"
	receive="I'm alive!"
	scheduler=rr
{of_the_virtual}
"""


@dataclass(eq=False)
class Cluster:
    """Directors are `director1`, `director2` and so on; 10.9.0.21, .22 for clients, 10.9.1.21, .22 for each other."""

    net: Net
    web: WebServer
    witness: Witness
    folder: Path
    client: Client
    reals: tuple[Real, Real, Real]
    nodes: tuple[Node, ...]
    timeline: Timeline = field(init=False)

    def __post_init__(self) -> None:
        self.timeline = Timeline(self.witness)

    def config(self, more: str = "", of_the_virtual: str = "") -> str:
        """Return a configuration with the three real servers; *more* lines for all, and for the virtual service."""
        reals = "\n".join(f"\treal={real.at} gate" for real in self.reals)
        return _CONFIG.format(more=more, virtual=VIRTUAL, reals=reals, of_the_virtual=of_the_virtual)

    def traffic(self, *, rate: float = RATE, held: int = HELD) -> Traffic:
        """Return the client's traffic, to be used in a `with` block."""
        return Traffic(self.client.host, VIRTUAL, self.folder, rate, held)

    def cut_between(self, *, silently: bool = True) -> None:
        """Cut the link between the directors, which both see the clients; *silently*: both still have a carrier."""
        if silently:
            self.net.ports.down("br1")
        else:
            self.net.ports.down(*(node.plugs[1] for node in self.nodes))

    def mend_between(self) -> None:
        """Undo `cut_between`."""
        self.net.ports.up("br1", *(node.plugs[1] for node in self.nodes))

    def sections(self) -> list[tuple[str, str]]:
        """Return what the report of a failed test shows."""
        noted = "\n".join(f"{at:.2f} {what}" for at, what in [*self.timeline.noted])
        held = "\n".join(f"{each.at:.2f} {sorted(each.holders)}" for each in self.witness.holdings)
        return [("done", noted), ("held", held), *(part for node in self.nodes for part in node.sections())]


@contextmanager
def running_cluster(folder: Path, directors: int = 2) -> Iterator[Cluster]:
    """Build the scene, in which nothing runs yet but the servers; all of it ends with the block."""
    nodes: tuple[Node, ...] = ()
    with ExitStack() as stack:
        stack.callback(lambda: [node.reap() for node in nodes])
        net, web = stack.enter_context(Net()), stack.enter_context(WebServer())
        net.ports.add_bridge("br1")
        client, bystander = net.host("client", 2), net.host("bystander", 9)
        reals = tuple(net.host(name) for name in ("one", "two", "three"))
        for host in reals:
            take_virtual_addresses(host, "lo")
        one, two, three = (serve(web, host) for host in reals)
        witness = stack.enter_context(Witness(bystander, VIP))
        nodes = tuple(
            Node(net, witness, folder / name, name, number)
            for number, name in ((20 + place, f"director{place}") for place in range(1, directors + 1))
        )
        yield Cluster(net, web, witness, folder, Client(client), (one, two, three), nodes)
