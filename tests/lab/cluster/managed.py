"""What directors go through that have their role from a file, whatever cluster manager writes it."""

from collections.abc import Callable
from typing import Protocol

from tests.lab.cluster.cluster import Cluster
from tests.lab.cluster.node import Node
from tests.lab.cluster.takeover import synced, taken_over
from tests.lab.support.waiting import wait_until

ROLE = "/run/ldirectord.role"
PATIENCE = 200
"""Seconds that a cluster may take for something, on a machine that others keep busy."""

Ready = Callable[[Cluster], tuple[Node, Node]]
"""Waits until one director is active and the other one would take over; returns them."""


class Manager(Protocol):
    """A cluster manager on one director."""

    def start(self) -> None:
        """Start it."""
        ...

    def stop(self) -> None:
        """Stop it in order."""
        ...


class Killable(Manager, Protocol):
    """One that can be killed."""

    def kill(self) -> None:
        """Kill -9 all of it, and nothing that it has started."""
        ...


def role(node: Node) -> str:
    """Return what the role file says; nothing if there is none."""
    file = node.folder / ROLE[1:]
    return file.read_text().strip() if file.exists() else ""


def dies_and_comes_back(cluster: Cluster, ready: Ready, noticed: Callable[[Node, Node], None]) -> None:
    """Have the active director lose its power; *noticed* waits until the other one, the second, has noticed."""
    one, two = ready(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        died = cluster.timeline.note(f"{one.name} loses power")
        one.die()
        noticed(one, two)
        wait_until(lambda: role(two) == "active", PATIENCE)
        cluster.timeline.note_written(two.folder / ROLE[1:], f"{two.name}'s role file says active")
        taken_over(cluster, traffic, died)
    back = cluster.timeline.note(f"{one.name} is back")
    one.revive()
    assert ready(cluster) == (two, one)
    assert (cluster.witness.several(died), cluster.witness.nobody(back)) == (0, 0)


def stops_and_starts(cluster: Cluster, ready: Ready, manager: Callable[[Node], Manager]) -> None:
    """Stop the manager on the active director, and start it again."""
    one, two = ready(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        stopped = cluster.timeline.note(f"the cluster manager on {one.name} is stopped")
        manager(one).stop()
        taken_over(cluster, traffic, stopped)
        assert role(one) == "standby"
    back = cluster.timeline.note(f"the cluster manager on {one.name} is started")
    manager(one).start()
    assert ready(cluster) == (two, one)
    assert (cluster.witness.several(stopped), cluster.witness.nobody(back)) == (0, 0)


def is_killed(cluster: Cluster, one: Node, two: Node, manager: Callable[[Node], Killable]) -> float:
    """Kill -9 the manager on the active director, *one*, whose daemon keeps the VIP though *two* is to be active too.

    Return when.
    """
    before = len(two.director.log)
    killed = cluster.timeline.note(f"the cluster manager on {one.name} is killed -9")
    manager(one).kill()
    wait_until(lambda: f"{one.host.mac} on eth0 has it" in two.director.log[before:])
    cluster.timeline.note_written(two.folder / ROLE[1:], f"{two.name}'s role file says active")
    cluster.timeline.note(f"{two.name}: ldirectord says that {one.name} has the VIP")
    assert cluster.witness.holders == {one.name}
    return killed


def loses_one_link(cluster: Cluster, ready: Ready, noticed: Callable[[Node, Node], object]) -> None:
    """Cut the link that the directors have to themselves until the first has *noticed*; they have another one."""
    one, two = ready(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        cut = cluster.timeline.note("the link between the directors is cut")
        cluster.cut_between()
        noticed(one, two)
        cluster.mend_between()
        traffic.wait_until_served()
    assert cluster.witness.holders == {one.name}
    assert cluster.witness.nobody(cut) == 0
    assert cluster.witness.second_owners(cut) == []
    assert not traffic.broken
