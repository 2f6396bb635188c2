"""What the tests of clusters stand on: directors that die and come back, a client that counts, and a witness."""

import time
from collections.abc import Iterator

import pytest

from tests.lab.cluster.cluster import VIRTUAL, Cluster, running_cluster
from tests.lab.cluster.node import Node, isolated
from tests.lab.support.waiting import wait_until


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Yield two directors with a table by hand."""
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        for node in cluster.nodes:
            node.boot = balance
            balance(node)
        yield cluster


def balance(node: Node) -> None:
    rules = [f"-A -t {VIRTUAL} -s rr", *(f"-a -t {VIRTUAL} -r 10.9.0.{number}:80 -g" for number in (11, 12, 13))]
    node.host.run("ipvsadm -R", text="\n".join(rules) + "\n")


def test_a_director_dies_and_another_takes_over(cluster: Cluster) -> None:
    one, two = cluster.nodes
    one.take_address()
    wait_until(lambda: one.holds)
    with cluster.traffic() as traffic:
        traffic.wait_until_served()
        died = cluster.timeline.note("director1 dies")
        one.die()
        wait_until(lambda: traffic.read().outcomes(died)["TIMEOUT"] >= 20)
        two.take_address()
        traffic.wait_until_served(held=False)
    assert cluster.witness.holders == {"director2"}
    assert 0.2 < traffic.longest_outage(died) < 20
    assert len(traffic.outages()) == 1
    assert {"one", "two", "three"} < traffic.outcomes().keys()
    # The table of the new one knows nothing of the connections: the servers are sent packets of others.
    assert len(traffic.broken) + len(traffic.silent(died)) > 0
    assert cluster.witness.scheduled(died)["director2"] > 0
    told = cluster.timeline.told(traffic, died)
    for expected in ("director1 dies", "held by nobody", "new connections fail", "held by director2", "are served"):
        assert expected in told
    print(traffic, told, sep="\n")
    one.revive()
    assert "10.9.0.13:80" in one.director.table().virtuals[f"-t {VIRTUAL}"].reals
    two.leave_address()


def test_two_owners_are_seen_and_the_time_for_which_there_were_two(cluster: Cluster) -> None:
    one, _ = cluster.nodes
    begun = time.monotonic()
    for node in cluster.nodes:
        node.take_address()
    wait_until(lambda: cluster.witness.second_owners(begun))
    assert cluster.witness.several(begun) > 0
    one.cut_off()
    assert cluster.witness.holders == {"director2"}
    for node in cluster.nodes:
        node.leave_address()
    wait_until(lambda: not cluster.witness.holders)
    one.plug_in()


@pytest.mark.parametrize("silently", [False, True])
def test_cut_off_with_and_without_a_carrier(cluster: Cluster, silently: bool) -> None:
    one, two = cluster.nodes

    def reaches(address: str) -> bool:
        return "1 received" in one.host.run(f"ping -c 1 -W 1 {address}", check=False)

    def has_carrier() -> bool:
        return "NO-CARRIER" not in one.host.run("ip link show dev eth1")

    assert reaches(two.host.v4)
    assert reaches(two.between)
    cluster.cut_between(silently=silently)
    assert not reaches(two.between)
    assert has_carrier() is silently
    assert reaches(two.host.v4)
    cluster.mend_between()
    one.cut_off(silently=silently)
    assert not reaches(two.host.v4)
    assert has_carrier() is silently
    one.plug_in()
    wait_until(lambda: reaches(two.host.v4) and reaches(two.between))


def test_programs_have_a_name_and_process_ids_of_their_own_and_are_killed(cluster: Cluster) -> None:
    one, _ = cluster.nodes
    program = one.start(*isolated("somebody", ["sh", "-c", "hostname; echo $$; exec sleep 600"], pids=True))
    log = one.folder / "var/log/unshare.log"
    wait_until(lambda: log.read_text() == "somebody\n1\n", telling=log.read_text)
    wait_until(lambda: one.kill("sleep"))
    assert program.wait(10) != 0
