"""A takeover, looked at in the same way whatever moves the VIP."""

from tests.lab.cluster.cluster import Cluster
from tests.lab.cluster.node import Node
from tests.lab.cluster.traffic import Traffic
from tests.lab.support.waiting import wait_until

GRACE = 1.0
"""Seconds for which new connections may fail once the VIP has moved."""


def standing(cluster: Cluster, seconds: float = 60) -> tuple[Node, Node]:
    """Wait until exactly one director has the VIP; return it, and the other one."""
    wait_until(lambda: len(cluster.witness.holders) == 1, seconds)
    active, standby = sorted(cluster.nodes, key=lambda node: not node.holds)
    return active, standby


def synced(traffic: Traffic, standby: Node) -> None:
    """Wait until *standby* knows all connections that the client holds."""
    traffic.wait_until_served()
    wait_until(lambda: traffic.ports <= standby.connected_ports())


def taken_over(cluster: Cluster, traffic: Traffic, since: float, *, broken: int = 0, together: float = 0) -> None:
    """Wait until all is well again, and tell how it went.

    At most so many held connections may be *broken*, two directors have held the VIP *together* for so many seconds at
    most, and new connections have failed for little longer than it took until the other one had it and had announced
    that; or hardly at all, if the VIP has stayed where it was.
    """
    traffic.wait_until_served()
    print(cluster.timeline.told(traffic, since), traffic, sep="\n")
    assert cluster.witness.several(since) <= together
    assert together or cluster.witness.second_owners(since) == []
    assert len(traffic.broken) <= broken
    assert traffic.longest_outage(since) <= max(0, moved(cluster, since) - since) + GRACE


def moved(cluster: Cluster, since: float) -> float:
    """Return when a director that has come to hold the VIP *since* then had announced it."""
    last = cluster.witness.holdings[-1]
    (name,) = last.reached
    announced = (
        each.at for each in cluster.witness.claims if each.at > last.at and (each.name, each.asked) == (name, False)
    )
    return next(announced, last.at)
