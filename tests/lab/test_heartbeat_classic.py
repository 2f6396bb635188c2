"""Heartbeat moves the VIP and starts our daemon where it is, as in the classic guide."""

from collections.abc import Iterator

import pytest

from tests.lab.cluster.cluster import Cluster, running_cluster
from tests.lab.cluster.heartbeat import Heartbeat
from tests.lab.cluster.node import Node
from tests.lab.cluster.takeover import GRACE, standing, taken_over
from tests.lab.support.waiting import wait_until

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("heartbeat")) as cluster:
        for node in cluster.nodes:
            Heartbeat(node).install("ldirectord")
            (node.folder / "etc/ha.d/ldirectord.cf").write_text(cluster.config("cleanstop=no"))
            node.boot = boot
            boot(node)
        yield cluster


def boot(node: Node) -> None:
    Heartbeat(node).start()


def serves(node: Node) -> bool:
    """Return whether the table of *node* has a server."""
    return any(node.director.weights().values())


def runs(node: Node) -> bool:
    """Return whether our daemon runs on *node*."""
    return (node.folder / "run/ldirectord.ldirectord.cf.pid").exists()


def test_a_director_without_a_table_serves_when_its_daemon_has_started(cluster: Cluster) -> None:
    one, two = standing(cluster)
    with cluster.traffic() as traffic:
        traffic.wait_until_served()
        stopped = cluster.timeline.note(f"{one.name} stops Heartbeat")
        Heartbeat(one).stop()
        wait_until(lambda: serves(two))
        ready = cluster.timeline.note(f"{two.name} has a table")
        traffic.wait_until_served()
        print(cluster.timeline.told(traffic, stopped), traffic, sep="\n")
    assert traffic.longest_outage(stopped) <= ready - stopped + GRACE
    assert cluster.witness.several(stopped) == 0
    assert serves(one)  # cleanstop=no
    assert (runs(one), runs(two)) == (False, True)


def test_one_that_has_had_the_vip_before_serves_at_once(cluster: Cluster) -> None:
    one, two = standing(cluster)
    Heartbeat(two).start()
    wait_until(lambda: "Initial resource acquisition complete" in Heartbeat(two).log_of_now)
    with cluster.traffic() as traffic:
        traffic.wait_until_served()
        died = cluster.timeline.note(f"{one.name} loses power")
        one.die()
        taken_over(cluster, traffic, died, broken=traffic.held)
    wait_until(lambda: runs(two))


def test_where_heartbeat_is_killed_both_have_the_vip_until_that_machine_is_switched_off(cluster: Cluster) -> None:
    """Nobody takes the VIP from a machine whose Heartbeat is gone, and `IPaddr2` does not ask who has it."""
    (one,) = (node for node in cluster.nodes if node.holds)
    (two,) = (node for node in cluster.nodes if node is not one)
    two.revive()
    wait_until(lambda: "Initial resource acquisition complete" in Heartbeat(two).log_of_now)
    with cluster.traffic() as traffic:
        traffic.wait_until_served()
        killed = cluster.timeline.note(f"{one.name}: Heartbeat is killed -9")
        Heartbeat(one).kill()
        wait_until(lambda: cluster.witness.second_owners(killed))
        wait_until(lambda: serves(two))
        off = cluster.timeline.note(f"{one.name} is switched off")
        one.die()
        traffic.wait_until_served(held=False)
        print(f"both held it for {cluster.witness.several(killed):.2f} s")
        print(cluster.timeline.told(traffic, killed), traffic, sep="\n")
    assert runs(two)
    assert cluster.witness.holders == {two.name}
    assert cluster.witness.nobody(killed) == 0
    assert traffic.longest_outage(off) <= GRACE
