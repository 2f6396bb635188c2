"""Pacemaker moves the role alone: the promoted director brings the VIP up (`vips`), of which there is no resource."""

from collections.abc import Iterator

import pytest

from tests.lab.cluster.client_program import NEW_SECONDS
from tests.lab.cluster.cluster import Cluster, running_cluster
from tests.lab.cluster.managed import is_killed, stops_and_starts
from tests.lab.cluster.pacemaker import Pacemaker, begin, ready
from tests.lab.cluster.takeover import synced, taken_over

pytestmark = [pytest.mark.timeout(290), pytest.mark.long]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("pacemaker")) as cluster:
        begin(cluster, "vips=yes", with_vip=False)
        yield cluster


def test_pacemaker_is_killed_and_that_director_then_switched_off(cluster: Cluster) -> None:
    """Its daemon keeps the VIP and serves, until the power is off, as fencing has it; and it comes back."""
    one, two = ready(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        killed = is_killed(cluster, one, two, Pacemaker)
        off = cluster.timeline.note(f"{one.name} is switched off")
        one.die()
        taken_over(cluster, traffic, off)
        print(cluster.timeline.told(traffic, killed))
    back = cluster.timeline.note(f"{one.name} is back")
    one.revive()
    assert ready(cluster) == (two, one)
    assert (cluster.witness.several(killed), cluster.witness.nobody(back)) == (0, 0)
    under_way = off - NEW_SECONDS  # whoever had begun, and had no answer yet, has failed as well
    assert all(outage.since >= under_way for outage in traffic.outages(killed))


def test_pacemaker_is_stopped_in_order_and_started_again(cluster: Cluster) -> None:
    stops_and_starts(cluster, ready, Pacemaker)
