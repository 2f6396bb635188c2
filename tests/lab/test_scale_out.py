"""Three directors that all serve, behind a router: what breaks of 500 open connections when something goes or comes.

Each test says how many connections another director carries than before, and how many broke.
"""

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.cluster.fleet import CONNECTIONS, Fleet, running_fleet
from tests.lab.cluster.held import Held
from tests.lab.cluster.node import Node
from tests.lab.support.director import ROOT
from tests.lab.support.namespaces import Host
from tests.lab.support.scene import VIP
from tests.lab.support.waiting import wait_until

PAGE = (ROOT / "docs/ha/scale-out.md").read_text()
EXAMPLES = [(ROOT / "etc/ecmp" / name).read_text() for name in ("bird-router.conf", "bird-director.conf")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with running_fleet(tmp_path_factory.mktemp("fleet")) as fleet:
        yield fleet


@pytest.fixture
def fleet(running: Fleet) -> Fleet:
    """Return three directors that agree, and that all get connections."""
    running.send_to(*running.nodes)
    return running


@contextmanager
def moving(fleet: Fleet, held: Held, what: str) -> Iterator[dict[str, set[int]]]:
    """Ask over all connections at the end; yield which of them each director then carries that it did not before."""
    before, broken = fleet.carried(held), set(held.broken)
    moved: dict[str, set[int]] = {}
    yield moved
    held.ask()
    moved |= {name: ports - before.get(name, set()) for name, ports in fleet.carried(held).items()}
    lost = Counter(how for port, how in held.broken.items() if port not in broken)
    carried = "+".join(str(len(ports)) for ports in before.values())
    print(f"{what}: {carried} connections, {sum(map(len, moved.values()))} moved, {lost.total()} broke {dict(lost)}")


def test_a_director_is_killed_and_comes_back_and_no_connection_breaks(fleet: Fleet) -> None:
    *left, last = fleet.nodes
    with fleet.hold() as held:
        assert min(len(ports) for ports in fleet.carried(held).values()) > CONNECTIONS / 6
        on_last = fleet.carried(held)[last.name]
        with moving(fleet, held, "a director is killed") as moved:
            last.die()
            fleet.send_to(*left)
        assert on_last <= set.union(*moved.values())
        assert not held.broken

        with moving(fleet, held, "it comes back, with a table that is new") as moved:
            last.revive()
            fleet.wait_for(last)
            fleet.send_to(*fleet.nodes)
        assert len(moved[last.name]) > CONNECTIONS / 6
        assert not held.broken


def test_without_sloppy_tcp_each_connection_that_moves_breaks(fleet: Fleet) -> None:
    *left, last = fleet.nodes
    with fleet.hold() as held:
        for node in left:
            node.host.sysctl("ipv4.vs.sloppy_tcp", 0)
        on_last = fleet.carried(held)[last.name]
        with moving(fleet, held, "a director is withdrawn, sloppy_tcp is 0"):
            fleet.send_to(*left)
        assert on_last <= held.broken.keys()
    for node in left:
        node.host.sysctl("ipv4.vs.sloppy_tcp", 1)


def test_a_server_dies_and_its_connections_alone_break_though_a_director_comes_that_never_saw_it(
    fleet: Fleet,
) -> None:
    dead, (*left, last) = fleet.reals[2], fleet.nodes
    with fleet.hold() as held:
        with moving(fleet, held, "a server dies"):
            fleet.cluster.web.kill(dead.site)
            for node in fleet.nodes:
                fleet.wait_for(node, dead)
        assert held.broken.keys() == held.of(dead.site.name)
        lost = dict(held.broken)
        with moving(fleet, held, "a director is drained"):
            fleet.send_to(*left)
        with fleet.hold() as later:
            last.die()
            last.revive()
            fleet.wait_for(last, dead)
            for connections, what in ((held, "opened before the server died"), (later, "opened since")):
                with moving(fleet, connections, f"a director comes while the server is down; {what}") as moved:
                    fleet.send_to(*fleet.nodes)
                assert len(moved[last.name]) > CONNECTIONS / 8
            assert held.broken == lost
            assert not later.broken

            fleet.cluster.web.serve(dead.site, dead.host.listen(dead.port))
            for node in fleet.nodes:
                fleet.wait_for(node)
            with moving(fleet, later, "the server is back, a director is withdrawn; opened while it was down"):
                fleet.send_to(*fleet.nodes[1:])
            assert 0 < len(later.broken) < CONNECTIONS / 4  # some had another server in place of the one that was down


def test_directors_that_disagree_break_only_what_the_router_moves_meanwhile(fleet: Fleet) -> None:
    doubted, (one, two, _) = fleet.reals[2], fleet.nodes
    with fleet.hold() as held:
        with moving(fleet, held, "one director of three finds a server down"):
            judge(fleet, one, alive=False)
        assert not held.broken
        with moving(fleet, held, "meanwhile another director is withdrawn") as moved:
            fleet.send_to(one, fleet.nodes[2])
        assert held.broken.keys() == moved[one.name] & held.of(doubted.site.name)
        fleet.send_to(*fleet.nodes)
        with fleet.hold() as during:
            judge(fleet, one, alive=True)
            with moving(fleet, during, "opened meanwhile; they agree again, and the one that doubted is withdrawn"):
                fleet.send_to(two, fleet.nodes[2])
            assert len(during.broken) < CONNECTIONS / 4


def judge(fleet: Fleet, node: Node, *, alive: bool) -> None:
    doubted = fleet.reals[2]
    fleet.judge(doubted, node, alive=alive)
    fleet.wait_for(node, *([] if alive else [doubted]))


def test_a_server_in_the_middle_is_entered_last_until_the_service_is_entered_anew(fleet: Fleet) -> None:
    director = fleet.nodes[0].director
    text = director.file.read_text()

    def entered() -> list[str]:
        return [at.removeprefix("10.9.0.") for at in reversed(director.weights())]

    director.reload(text.replace("\treal=10.9.0.12", "\treal=10.9.0.99:80 gate\n\treal=10.9.0.12"))
    wait_until(lambda: entered() == ["11:80", "12:80", "13:80", "99:80"])
    director.host.run(f"ipvsadm -D -t {VIP}:80")
    wait_until(lambda: entered() == ["11:80", "99:80", "12:80", "13:80"])
    director.reload(text)
    fleet.wait_for(fleet.nodes[0])


def test_by_bgp_a_director_that_dies_is_withdrawn_and_no_connection_breaks(fleet: Fleet, tmp_path: Path) -> None:
    of_router, of_director = (text.partition("\n\n")[2] for text in EXAMPLES)
    assert [of_router, of_director] == re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    fleet.router.run(f"ip route del {VIP}/32")
    run_bird(fleet.router, of_router, tmp_path)
    for node in fleet.nodes:
        run_bird(node.host, of_director.replace("192.0.2.21", node.host.v4), tmp_path)

    def ways() -> int:
        return fleet.router.run(f"ip route show {VIP}/32").count("via")

    wait_until(lambda: ways() == len(fleet.nodes))
    with fleet.hold() as held:
        with moving(fleet, held, "a director dies, and BGP withdraws it"):
            fleet.nodes[-1].die()
            died = time.monotonic()
            wait_until(lambda: ways() == len(fleet.nodes) - 1)
            withdrawn = time.monotonic() - died
        print(f"withdrawn after {withdrawn:.1f} s, all answered after {time.monotonic() - died:.1f} s")
        assert not held.broken


def run_bird(host: Host, configuration: str, folder: Path) -> None:
    file = folder / f"{host.name}.conf"
    file.write_text(configuration.replace("192.0.2.", "10.9.0."))
    host.popen(f"bird -f -c {file} -s {folder}/{host.name}.ctl -P {folder}/{host.name}.pid")
