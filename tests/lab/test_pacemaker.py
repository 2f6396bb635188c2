"""Pacemaker moves the VIP to where our daemon is promoted; it runs on both directors."""

from collections.abc import Iterator

import pytest

from tests.lab.cluster.cluster import Cluster, running_cluster
from tests.lab.cluster.managed import PATIENCE, dies_and_comes_back, loses_one_link, stops_and_starts
from tests.lab.cluster.node import Node
from tests.lab.cluster.pacemaker import Pacemaker, begin, ready
from tests.lab.cluster.takeover import synced, taken_over
from tests.lab.support.waiting import wait_until

pytestmark = pytest.mark.long

NOBODY = "02:00:00:00:00:01"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("pacemaker")) as cluster:
        begin(cluster)
        yield cluster


def test_the_active_director_loses_power_and_comes_back(cluster: Cluster) -> None:
    ready(cluster)
    before = {node.name: len(Pacemaker(node).corosync_log) for node in cluster.nodes}

    def noticed(one: Node, two: Node) -> None:
        for word, what in (("token timed out", "misses"), ("Members left", "goes on without")):
            wait_until(lambda word=word: word in Pacemaker(two).corosync_log[before[two.name] :])
            cluster.timeline.note(f"{two.name}: corosync {what} {one.name}")

    dies_and_comes_back(cluster, ready, noticed)


def test_pacemaker_is_stopped_in_order_and_started_again(cluster: Cluster) -> None:
    stops_and_starts(cluster, ready, Pacemaker)


def test_one_of_the_two_links_is_cut_and_nothing_happens(cluster: Cluster) -> None:
    before = {node.name: len(Pacemaker(node).corosync_log) for node in cluster.nodes}

    def noticed(one: Node, _: Node) -> None:
        wait_until(lambda: "link: 0 is down" in Pacemaker(one).corosync_log[before[one.name] :])

    loses_one_link(cluster, ready, noticed)


def test_a_director_that_sees_no_servers_gives_the_vip_up(cluster: Cluster) -> None:
    one, two = ready(cluster)
    with cluster.traffic(rate=20) as traffic:
        synced(traffic, two)
        lost = cluster.timeline.note(f"{one.name} reaches no server any more")
        for real in cluster.reals:
            one.host.run(f"ip neigh replace {real.host.v4} lladdr {NOBODY} dev eth0")
        wait_until(lambda: two.holds, PATIENCE, telling=lambda: Pacemaker(two).log[-10000:])
        traffic.wait_until_served(held=False)
        for real in cluster.reals:
            one.host.run(f"ip neigh del {real.host.v4} dev eth0")
        print(cluster.timeline.told(traffic, lost), traffic, sep="\n")
        assert ready(cluster) == (two, one)
    assert cluster.witness.several(lost) == 0


def test_the_active_director_is_cut_off_and_connected_again(cluster: Cluster) -> None:
    one, two = ready(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        cut = cluster.timeline.note(f"{one.name} is cut off")
        one.cut_off(silently=True)
        taken_over(cluster, traffic, cut)
        # Without fencing both have the VIP now, until they see each other again.
        back = cluster.timeline.note(f"{one.name} is connected again")
        one.plug_in()
        wait_until(lambda: cluster.witness.several(back))
        ready(cluster)
        traffic.wait_until_served()
        several, nobody = cluster.witness.several(back), cluster.witness.nobody(back)
        print(f"two for {several:.2f} s, nobody for {nobody:.2f} s", cluster.timeline.told(traffic, back), sep="\n")
        print(traffic)
