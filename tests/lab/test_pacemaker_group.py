"""Pacemaker moves the VIP and our daemon as a group, from a director to another one that has no table yet."""

import os
from collections.abc import Iterator

import pytest

from tests.lab.cluster.cluster import Cluster, running_cluster
from tests.lab.cluster.managed import PATIENCE
from tests.lab.cluster.pacemaker import Pacemaker
from tests.lab.cluster.takeover import standing, taken_over
from tests.lab.support.waiting import wait_until

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("pacemaker")) as cluster:
        key = os.urandom(256)
        for node in cluster.nodes:
            Pacemaker(node).install(key)
            (node.folder / "etc/ha.d/ldirectord.cf").write_text(cluster.config("failurecount=3"))
        Pacemaker(cluster.nodes[0]).load("group.crm")
        for node in cluster.nodes:
            Pacemaker(node).start()
        yield cluster


def test_the_vip_comes_when_the_table_is_there_and_nobody_is_refused(cluster: Cluster) -> None:
    one, two = standing(cluster, PATIENCE)
    with cluster.traffic() as traffic:
        traffic.wait_until_served()
        assert two.director.table().virtuals == {}
        stopped = cluster.timeline.note(f"{one.name} stops Pacemaker")
        Pacemaker(one).stop()
        taken_over(cluster, traffic, stopped, broken=traffic.held)
    assert "ECONNREFUSED" not in traffic.outcomes()
    assert one.director.table().virtuals == {}  # cleanstop


def test_the_director_loses_power(cluster: Cluster) -> None:
    two, one = standing(cluster, PATIENCE)
    before = len(Pacemaker(one).log)
    Pacemaker(one).start()
    wait_until(lambda: "Result of probe operation for vip" in Pacemaker(one).log[before:], PATIENCE)
    with cluster.traffic() as traffic:
        traffic.wait_until_served()
        died = cluster.timeline.note(f"{two.name} loses power")
        two.die()
        taken_over(cluster, traffic, died, broken=traffic.held)
    assert "ECONNREFUSED" not in traffic.outcomes()
