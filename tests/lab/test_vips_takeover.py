"""Two directors with `vips` and a role that files say: takeovers, with a client that opens connections all the time."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.lab.cluster.cluster import Cluster, running_cluster
from tests.lab.cluster.node import Node
from tests.lab.cluster.traffic import Traffic
from tests.lab.support.table import read_weights
from tests.lab.support.waiting import wait_until

ROLE = "/run/role"
"""Of the directors; each has a /run of its own."""
MORE = f"vips=yes\nrole={ROLE}\nsyncdaemon=eth1"
LONGEST = 1.0
"""Seconds without service that a takeover may take, from the moment at which the files say so."""

BROKEN = 2
"""Of the connections that are held open, of which the sync daemons tell each other."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Yield two directors, of which the first is active."""
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        for node in cluster.nodes:
            node.boot = boot
            node.director.write(cluster.config(MORE))
            say(node, "standby")
            boot(node)
        elect(cluster.nodes[0], *cluster.nodes)
        yield cluster


def boot(node: Node) -> None:
    node.host.sysctl("ipv4.vs.sync_threshold", "0 1")  # each connection is told of, by each of its packets
    node.director.start()


def say(node: Node, role: str) -> None:
    """Write the role file of a director, as a cluster manager does."""
    draft = node.folder / "run/role.new"
    draft.write_text(f"{role}\n")
    draft.replace(node.folder / "run/role")


def elect(active: Node, *nodes: Node) -> None:
    """Have one of *nodes* be active, and the others standby; wait until clients reach it alone."""
    wait_until(lambda: all(any(reals.values()) for node in nodes for reals in read_weights(node.host).values()))
    for node in nodes:
        if node is not active:
            say(node, "standby")
    say(active, "active")
    wait_until(lambda: active.holds, telling=lambda: active.director.log)


def stop(node: Node) -> None:
    node.director.stop()


def cut(node: Node) -> None:
    node.cut_off()


def switch(_: Node) -> None:
    """Do nothing but what the files say."""


def start(node: Node) -> None:
    node.director.start()


def plug_in(node: Node) -> None:
    node.plug_in()


def taken_over(cluster: Cluster, event: Callable[[Node], object], traffic: Traffic) -> float:
    """Have something happen to the director that is active, and the files name the other; return the moment of that."""
    active, other = sorted(cluster.nodes, key=lambda node: not node.holds)
    event(active)
    at = cluster.timeline.note(f"{event.__name__} {active.name}; {other.name} is to be active")
    say(active, "standby")
    say(other, "active")
    wait_until(lambda: other.holds and not active.holds, telling=lambda: other.director.log)
    traffic.wait_until_served(held=False)
    return at


@pytest.mark.parametrize(
    ("event", "undo"), [(switch, switch), (stop, start), (cut, plug_in)], ids=["switched", "stopped", "cut off"]
)
def test_one_director_at_a_time_has_the_vip_and_new_connections_fail_for_a_second_at_most(
    cluster: Cluster, event: Callable[[Node], object], undo: Callable[[Node], object]
) -> None:
    (before,) = (node for node in cluster.nodes if node.holds)
    with cluster.traffic() as traffic:
        traffic.wait_until_served()
        at = taken_over(cluster, event, traffic)
        undo(before)
        traffic.wait_until_served(held=False)
    print(cluster.timeline.told(traffic, at), traffic, sep="\n")
    assert cluster.witness.several(at) == 0
    assert not cluster.witness.second_owners(at)
    assert not before.holds
    assert traffic.longest_outage(at) <= LONGEST
    assert len(traffic.broken) <= BROKEN
    assert cluster.witness.nobody(at) <= LONGEST


def test_a_director_whose_daemon_is_killed_serves_on_until_it_is_started_again(cluster: Cluster) -> None:
    active, other = sorted(cluster.nodes, key=lambda node: not node.holds)
    with cluster.traffic() as traffic:
        traffic.wait_until_served()
        active.director.kill()
        begun = cluster.timeline.note(f"the daemon of {active.name} is killed; {other.name} is to be active")
        say(active, "standby")
        say(other, "active")
        other.director.wait_for_log(f"{active.host.mac} on eth0 has it")
        assert active.holds
        active.director.start()
        wait_until(lambda: other.holds and not active.holds, telling=lambda: other.director.log)
        traffic.wait_until_served(held=False)
    print(cluster.timeline.told(traffic, begun), traffic, sep="\n")
    assert cluster.witness.several(begun) == 0
    assert cluster.witness.nobody(begun) <= LONGEST
    assert traffic.longest_outage(begun) <= LONGEST
    assert len(traffic.broken) <= BROKEN


def test_restart_reload_and_kill_with_a_start_lose_no_connection(cluster: Cluster) -> None:
    (active,) = (node for node in cluster.nodes if node.holds)
    begun, moves = time.monotonic(), active.director.log.count("the VIP")
    with cluster.traffic() as traffic:
        traffic.wait_until_served()
        active.director.act("restart")
        active.director.kill()
        active.director.start()
        active.director.act("reload")
        traffic.wait_until_served()
    assert (traffic.outages(), traffic.broken) == ([], {})
    assert cluster.witness.nobody(begun) == 0
    assert active.director.log.count("the VIP") == moves


def test_of_two_that_are_both_to_be_active_the_second_takes_nothing_and_the_first_gives_up_after_it_was_cut_off(
    cluster: Cluster,
) -> None:
    active, other = sorted(cluster.nodes, key=lambda node: not node.holds)
    begun = time.monotonic()
    cluster.cut_between()  # they see each other by way of the clients' network only
    say(other, "active")
    other.director.wait_for_log(f"{active.host.mac} on eth0 has it")
    cluster.mend_between()
    active.cut_off()
    wait_until(lambda: other.holds, telling=lambda: other.director.log)
    back = time.monotonic()
    active.plug_in()
    wait_until(lambda: not active.holds, telling=lambda: active.director.log)
    active.director.wait_for_log(f"{other.host.mac} on eth0 has it")
    assert other.holds
    announced = {claim.name for claim in cluster.witness.claims if claim.at > back and not claim.asked}
    assert active.name not in announced
    assert not cluster.witness.second_owners(begun)
    say(active, "standby")


def test_a_director_that_dies_is_replaced_and_comes_back_as_standby(cluster: Cluster) -> None:
    with cluster.traffic() as traffic:
        traffic.wait_until_served()
        active, other = sorted(cluster.nodes, key=lambda node: not node.holds)
        active.die()
        at = cluster.timeline.note(f"{active.name} dies; {other.name} is to be active")
        say(other, "active")
        wait_until(lambda: other.holds)
        traffic.wait_until_served(held=False)
        say(active, "standby")
        active.revive()
        traffic.wait_until_served(held=False)
    print(cluster.timeline.told(traffic, at), traffic, sep="\n")
    assert traffic.longest_outage(at) <= LONGEST
    assert len(traffic.broken) <= BROKEN
    assert cluster.witness.several(at) == 0
    assert not active.holds
