"""Pacemaker moves the role alone: the promoted director brings the VIP up (`vips`), of which there is no resource."""

from collections.abc import Iterator

import pytest

from tests.lab.cluster.cluster import Cluster, running_cluster
from tests.lab.cluster.managed import dies_and_comes_back, role, stops_and_starts
from tests.lab.cluster.node import Node
from tests.lab.cluster.pacemaker import Pacemaker, begin, ready
from tests.lab.support.waiting import wait_until

pytestmark = [pytest.mark.timeout(290), pytest.mark.long]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("pacemaker")) as cluster:
        begin(cluster, "vips=yes", with_vip=False)
        yield cluster


def test_the_active_director_loses_power_and_comes_back(cluster: Cluster) -> None:
    def noticed(one: Node, two: Node) -> None:
        wait_until(lambda: role(two) == "active", 60)
        cluster.timeline.note(f"{two.name} is promoted in place of {one.name}")

    dies_and_comes_back(cluster, ready, noticed)


def test_pacemaker_is_stopped_in_order_and_started_again(cluster: Cluster) -> None:
    stops_and_starts(cluster, ready, Pacemaker)
