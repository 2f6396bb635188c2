"""Heartbeat moves the role between two directors whose daemons both run, and bring the VIP up themselves."""

from collections.abc import Iterator

import pytest

from tests.lab.cluster.cluster import Cluster, running_cluster
from tests.lab.cluster.heartbeat import Heartbeat
from tests.lab.cluster.managed import (
    PATIENCE,
    ROLE,
    dies_and_comes_back,
    is_killed,
    loses_one_link,
    role,
    stops_and_starts,
)
from tests.lab.cluster.node import Node
from tests.lab.cluster.takeover import standing, synced, taken_over
from tests.lab.support.waiting import wait_until

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("heartbeat")) as cluster:
        for node in cluster.nodes:
            Heartbeat(node).install("ldirectord-role")
            node.director.write(cluster.config(f"role={ROLE}\nvips=yes\nsyncdaemon=eth1 id=7\nfailurecount=3"))
            node.boot = boot
            boot(node)
        yield cluster


def boot(node: Node) -> None:
    node.host.sysctl("ipv4.vs.sync_threshold", "0 1")
    node.director.start()
    Heartbeat(node).start()


def ready(cluster: Cluster) -> tuple[Node, Node]:
    """Wait until one director has the VIP and is active, and the other one would take over; return that one last."""

    def settled() -> bool:
        active = {node.name for node in cluster.nodes if role(node) == "active"}
        began = all("Initial resource acquisition complete" in Heartbeat(node).log_of_now for node in cluster.nodes)
        return began and len(active) == 1 and cluster.witness.holders == active

    wait_until(settled, PATIENCE)
    return standing(cluster)


def test_the_active_director_loses_power_and_comes_back(cluster: Cluster) -> None:
    ready(cluster)
    before = {node.name: len(Heartbeat(node).log) for node in cluster.nodes}

    def noticed(one: Node, two: Node) -> None:
        wait_until(lambda: f"node {one.name}: is dead" in Heartbeat(two).log[before[two.name] :])
        cluster.timeline.note(f"{two.name}: Heartbeat says that {one.name} is dead")

    dies_and_comes_back(cluster, ready, noticed)


def test_heartbeat_is_stopped_in_order_and_started_again(cluster: Cluster) -> None:
    stops_and_starts(cluster, ready, Heartbeat)


def test_heartbeat_is_killed_and_started_again(cluster: Cluster) -> None:
    one, two = ready(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        killed = is_killed(cluster, one, two, Heartbeat)
        back = cluster.timeline.note(f"Heartbeat on {one.name} is started again")
        Heartbeat(one).start_again()
        assert ready(cluster) == (two, one)
        taken_over(cluster, traffic, back)
        print(cluster.timeline.told(traffic, killed))
    assert cluster.witness.several(killed) == 0
    assert cluster.witness.second_owners(killed) == []
    assert all(outage.since > back for outage in traffic.outages(killed))


def test_one_of_the_two_links_is_cut_and_nothing_happens(cluster: Cluster) -> None:
    before = {node.name: len(Heartbeat(node).log) for node in cluster.nodes}

    def noticed(one: Node, two: Node) -> None:
        wait_until(lambda: f"Link {two.name}:eth1 dead" in Heartbeat(one).log[before[one.name] :])

    loses_one_link(cluster, ready, noticed)


def test_the_active_director_is_cut_off_and_connected_again(cluster: Cluster) -> None:
    one, two = ready(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        cut = cluster.timeline.note(f"{one.name} is cut off")
        one.cut_off()
        taken_over(cluster, traffic, cut)
        # Both are active now. One of them has the VIP, since the other lost its carrier. When Heartbeat sees that both
        # have the resources, it starts anew on both.
        back = cluster.timeline.note(f"{one.name} is connected again")
        one.plug_in()
        wait_until(lambda: cluster.witness.nobody(back), PATIENCE)
        ready(cluster)
        traffic.wait_until_served()
        print(
            f"nobody for {cluster.witness.nobody(back):.2f} s", cluster.timeline.told(traffic, back), traffic, sep="\n"
        )
    assert cluster.witness.several(cut) == 0
    assert cluster.witness.second_owners(cut) == []
