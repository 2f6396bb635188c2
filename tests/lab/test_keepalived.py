"""keepalived as VRRP alone beside our director: who takes over, how soon, and what clients notice of it."""

import asyncio
import re
from collections.abc import Iterator

import pytest

from ldirectord_py.ipvs.kernel import KernelTable
from tests.lab.cluster.cluster import Cluster, running_cluster
from tests.lab.cluster.node import Node
from tests.lab.cluster.takeover import GRACE, standing, synced, taken_over
from tests.lab.cluster.witness import PROBE
from tests.lab.support.director import ROOT
from tests.lab.support.scene import VIP
from tests.lab.support.waiting import wait_until

pytestmark = pytest.mark.long

SHIPPED = ROOT / "etc/keepalived"
CLUSTER = """\
role = /run/ldirectord.role
trackfile = /run/ldirectord.track/served
syncdaemon = eth1 id=51
"""
"""What the example has in ldirectord.cf."""
HAND_OVER = 0.5
"""Seconds that two hold the address where the new master has a higher priority: the old one hears it first."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("keepalived")) as cluster:
        for node in cluster.nodes:
            (node.folder / "etc/keepalived").mkdir()
            node.director.write(cluster.config(CLUSTER))
            node.boot = boot
            boot(node)
        yield cluster


def configure(node: Node, **other: str) -> None:
    """Write the example's keepalived.conf, with *other* lines in the place of those that begin so."""
    text = (SHIPPED / "keepalived.conf").read_text()
    assert all(f"#   {line}\n" in text for line in CLUSTER.splitlines())
    text = text.replace("192.0.2.100", VIP)
    for word, line in other.items():
        text, changed = re.subn(rf"^ *{word} .*$", line, text, flags=re.MULTILINE)
        assert changed == 1
    (node.folder / "etc/keepalived/keepalived.conf").write_text(text)


def boot(node: Node) -> None:
    """Start what the example starts, as its file says."""
    configure(node)
    script = node.folder / "etc/keepalived/ldirectord-role"
    script.write_bytes((SHIPPED / "ldirectord-role").read_bytes())
    script.chmod(0o755)
    (node.folder / "run/ldirectord.track").mkdir(exist_ok=True)
    node.host.sysctl("ipv4.vs.sync_threshold", "0 1")
    start_keepalived(node)
    node.director.start()


def start_keepalived(node: Node) -> None:
    node.start("keepalived", "--vrrp", "--dont-fork", "--log-console", "--log-detail")


def active(cluster: Cluster) -> tuple[Node, Node]:
    """Wait until one director has the address, and both are ready for the other's end; return it, and the other one."""

    def settled() -> bool:
        ready = all(served(node) == "100\n" and node.director.running for node in cluster.nodes)
        return ready and all(sync_daemons(each) == ["master" if each.holds else "backup"] for each in cluster.nodes)

    wait_until(settled)
    return standing(cluster)


def sync_daemons(node: Node) -> list[str]:
    """Return the roles of the kernel's sync daemons, which follow the director's role.

    This is asked again and again, so ipvsadm, by which tests/lab/test_role.py sees them, would take most of the time.
    """
    with node.host.inside():
        table = KernelTable.open()
    try:
        return [daemon.role.value for daemon in asyncio.run(table.sync_daemons())]
    finally:
        table.close()


def served(node: Node) -> str:
    file = node.folder / "run/ldirectord.track/served"
    return file.read_text() if file.exists() else ""


def test_the_active_director_loses_power_and_comes_back(cluster: Cluster) -> None:
    one, two = active(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        died = cluster.timeline.note(f"{one.name} loses power")
        one.die()
        wait_until(lambda: sync_daemons(two) == ["master"])
        cluster.timeline.note(f"{two.name}'s kernel tells others of its connections")
        cluster.timeline.note_written(two.folder / "run/ldirectord.role", f"{two.name}'s role file says MASTER")
        taken_over(cluster, traffic, died)
        back = cluster.timeline.note(f"{one.name} is back")
        one.revive()
        assert active(cluster) == (two, one)
        synced(traffic, one)
        assert traffic.longest_outage(back) == 0
    assert cluster.witness.several(died) == 0
    assert cluster.witness.second_owners(died) == []


@pytest.mark.parametrize("silently", [False, True])
def test_the_active_director_is_cut_off_and_connected_again(cluster: Cluster, silently: bool) -> None:
    one, two = active(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        cut = cluster.timeline.note(f"{one.name} is cut off{' without losing its carrier' if silently else ''}")
        one.cut_off(silently=silently)
        taken_over(cluster, traffic, cut)
        back = cluster.timeline.note(f"{one.name} is connected again")
        one.plug_in()
        wait_until(lambda: len(cluster.witness.holders) == 1)
        synced(traffic, active(cluster)[1])
        print(f"both held it for {cluster.witness.several(back):.2f} s", cluster.timeline.told(traffic, back), sep="\n")
    # One that was cut off silently still believes that it is the master: until it hears of the other, both are.
    assert cluster.witness.several(back) < (2 if silently else 0.001)
    assert traffic.longest_outage(back) <= cluster.witness.several(back) + GRACE


def test_the_active_director_is_stopped_in_order_and_started_again(cluster: Cluster) -> None:
    one, two = active(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        stopped = cluster.timeline.note(f"{one.name} stops keepalived, and then ldirectord")
        one.end("keepalived")
        taken_over(cluster, traffic, stopped)
        wait_until(lambda: (one.folder / "run/ldirectord.role").read_text() == "STOP\n")
        one.director.stop()
        assert served(one) == "0\n"
        back = cluster.timeline.note(f"{one.name} starts both")
        start_keepalived(one)
        one.director.start()
        assert active(cluster) == (two, one)
        synced(traffic, one)
    assert traffic.longest_outage(back) == 0
    assert cluster.witness.several(stopped) == 0


def test_ldirectord_is_stopped_alone(cluster: Cluster) -> None:
    one, two = active(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        stopped = cluster.timeline.note(f"{one.name} stops ldirectord, which empties its table")
        one.director.stop()
        # Until the address has moved, the director itself answers for it: it refuses, and resets what it does not know.
        taken_over(cluster, traffic, stopped, broken=traffic.held, together=HAND_OVER)
    one.director.start()
    assert active(cluster) == (two, one)


def test_ldirectord_is_restarted_or_killed_and_nobody_notices(cluster: Cluster) -> None:
    one, two = active(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        begun = cluster.timeline.note(f"{one.name} restarts ldirectord")
        one.director.act("restart")
        cluster.timeline.note(f"{one.name}: ldirectord is killed -9")
        one.director.kill()
        one.director.start()
        cluster.timeline.note(f"{one.name}: ldirectord is started again")
        traffic.wait_until_served()
        print(cluster.timeline.told(traffic, begun), traffic, sep="\n")
        assert served(one) == "100\n"
    assert active(cluster) == (one, two)
    assert traffic.longest_outage(begun) == 0
    assert traffic.broken == {}
    assert cluster.witness.scheduled(begun).keys() == {one.name}


def test_keepalived_is_killed_and_started_again(cluster: Cluster) -> None:
    """Nobody takes the address from a machine whose keepalived is gone: both have it until keepalived is back."""
    one, two = active(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        killed = cluster.timeline.note(f"{one.name}: keepalived is killed -9")
        one.kill("keepalived")
        wait_until(lambda: two.holds)
        cluster.timeline.note(f"{one.name}: keepalived is started again")
        start_keepalived(one)
        traffic.wait_until_served()
        print(
            f"both held it for {cluster.witness.several(killed):.2f} s",
            cluster.timeline.told(traffic, killed),
            sep="\n",
        )
        print(traffic)
    assert active(cluster) == (two, one)


def test_a_director_that_sees_no_servers_gives_the_address_up(cluster: Cluster) -> None:
    one, two = active(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        lost = cluster.timeline.note(f"{one.name} reaches no server any more")
        for real in cluster.reals:
            one.host.run(f"iptables-legacy -A OUTPUT -d {real.host.v4} -j DROP")
        wait_until(lambda: served(one) == "0\n")
        cluster.timeline.note(f"{one.name}: ldirectord says 0")
        wait_until(lambda: two.holds and not one.holds)
        taken_over(cluster, traffic, lost, together=HAND_OVER)
        one.host.run("iptables-legacy -F OUTPUT")
        assert active(cluster) == (two, one)


def test_where_no_director_sees_servers_the_address_stays(cluster: Cluster) -> None:
    one, two = active(cluster)
    for real in cluster.reals:
        real.site.sick()
    wait_until(lambda: served(one) == served(two) == "0\n")
    since = cluster.timeline.note("all servers are sick")
    wait_until(
        lambda: "Changing effective priority from 200 to 100" in (one.folder / "var/log/keepalived.log").read_text()
    )
    for real in cluster.reals:
        real.site.alive()
    assert active(cluster) == (one, two)
    assert cluster.witness.nobody(since) == cluster.witness.several(since) == 0


def test_with_weight_0_reverse_the_address_moves_before_the_table_is_empty(cluster: Cluster) -> None:
    for node in cluster.nodes:
        node.end("keepalived")
        configure(node, weight="weight 0 reverse")
        start_keepalived(node)
    one, two = active(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        stopped = cluster.timeline.note(f"{one.name} stops ldirectord, which empties its table; weight 0 reverse")
        one.director.stop()
        taken_over(cluster, traffic, stopped)
    one.director.start()
    for real in cluster.reals:
        real.site.sick()
    wait_until(lambda: not cluster.witness.holders)  # nobody sees a server
    for real in cluster.reals:
        real.site.alive()
    active(cluster)


def test_the_link_between_the_directors_is_cut_and_the_clients_network_has_vrrp(cluster: Cluster) -> None:
    one, two = active(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        cut = cluster.timeline.note("the link between the directors is cut")
        cluster.cut_between()
        traffic.wait_until_served()
        cluster.mend_between()
    assert active(cluster) == (one, two)
    assert cluster.witness.several(cut) == traffic.longest_outage(cut) == 0
    assert cluster.witness.second_owners(cut) == []


def test_split_brain_where_vrrp_has_only_the_link_between_the_directors(cluster: Cluster) -> None:
    """keepalived has two owners then; ldirectord adds none, and follows, here by the pipe itself."""
    by_pipe = CLUSTER.replace("/run/ldirectord.role", "fifo:/run/keepalived.fifo")
    for node in cluster.nodes:
        node.director.reload(cluster.config(by_pipe))
        node.end("keepalived")
        configure(node, interface="interface eth1", vrrp_notify_fifo_script="")
        start_keepalived(node)
    one, two = active(cluster)
    with cluster.traffic() as traffic:
        synced(traffic, two)
        cut = cluster.timeline.note("the link between the directors is cut, and VRRP goes over it")
        cluster.cut_between()
        wait_until(lambda: two.holds)
        wait_until(lambda: sync_daemons(one) == sync_daemons(two) == ["master"])
        traffic.wait_until_served(held=False)
        cluster.timeline.note("the link is mended")
        cluster.mend_between()
        wait_until(lambda: len(cluster.witness.holders) == 1)
        mended = cluster.timeline.note("one has it")
        traffic.wait_until_served(held=False)
        print(cluster.timeline.told(traffic, cut), traffic, sep="\n")
    active(cluster)
    assert cluster.witness.second_owners(cut)
    assert cluster.witness.second_owners(mended + PROBE) == []
