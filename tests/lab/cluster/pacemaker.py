"""Pacemaker on a director of the cluster, with the files of `etc/pacemaker` for the lab's names and addresses."""

import os
import re
import shutil
from dataclasses import dataclass

from tests.lab.cluster.cluster import Cluster
from tests.lab.cluster.managed import PATIENCE, ROLE, role
from tests.lab.cluster.node import Node, isolated
from tests.lab.cluster.shipped import here
from tests.lab.cluster.takeover import standing
from tests.lab.support.agents import OCF_ROOT, OURS
from tests.lab.support.director import ROOT
from tests.lab.support.forking import write_launcher
from tests.lab.support.waiting import wait_until

_SHIPPED = ROOT / "etc/pacemaker"
_NAMES = {
    "to_syslog: yes": "to_logfile: yes\n    logfile: /var/log/corosync.log",
    "quorum {": "system {\n    sched_rr: no\n}\nquorum {",  # nothing else would run in the guest while it starts
    # Each monitor of it starts 50 programs, and no test waits for one.
    "lvs_support=true \\\n    op monitor interval=10s": "lvs_support=true op monitor interval=1min",
    "stonith-enabled=false": "stonith-enabled=false dc-deadtime=4s",
}
"""What is different here, besides names and addresses."""
_IP_ADDRESS = OCF_ROOT / "resource.d/heartbeat/IPaddr2"
_AGENTS = "usr/lib/ocf/resource.d"
_OF_THE_CLUSTER = ("pacemaker", *(f"pacemaker/{name}" for name in ("cib", "pengine", "blackbox", "cores")))
_OF_VIP = re.compile(r"(?m)^(?:primitive|colocation) vip\b(?:.*\\\n)*.*\n")
# Where Pacemaker is killed, the machine goes on, and with it what was started there.
_RUN = "corosync; (pacemakerd -f || sleep inf) & wait; pkill corosync; while pgrep corosync; do sleep 0.1; done"
_DAEMONS = ("based", "fenced", "execd", "attrd", "schedulerd", "controld")


@dataclass(eq=False)
class Pacemaker:
    """Pacemaker and corosync on *node*."""

    node: Node

    def install(self, key: bytes) -> None:
        """Write the configuration, with *key* for what the directors say to each other, and have our agent there."""
        folder = self.node.folder
        for place in ("etc/corosync", "var/lib/corosync", "usr/sbin", "dev/shm", "var/log/crmsh"):
            (folder / place).mkdir(parents=True)
        (folder / "dev/shm").chmod(0o1777)
        for place in (*(f"var/lib/{name}" for name in _OF_THE_CLUSTER), "var/log/pacemaker"):
            (folder / place).mkdir()
            shutil.chown(folder / place, "hacluster", "haclient")
        (folder / "etc/corosync/corosync.conf").write_text(here((_SHIPPED / "corosync.conf").read_text(), _NAMES))
        (folder / "etc/corosync/authkey").write_bytes(key)
        (folder / "etc/corosync/authkey").chmod(0o400)
        write_launcher(folder / "usr/sbin/ldirectord")
        for agent in (OURS, _IP_ADDRESS):
            provider = folder / _AGENTS / ("ldirectord_py" if agent == OURS else "heartbeat")
            provider.mkdir(parents=True)
            shutil.copy(agent, provider)

    def load(self, resources: str, *, with_vip: bool = True) -> None:
        """Have the cluster begin with the *resources* of that file, as crmsh would tell a running one."""
        file, loaded = self.node.folder / resources, self.node.folder / "var/lib/pacemaker/cib/cib.xml"
        text = here((_SHIPPED / resources).read_text(), _NAMES)
        file.write_text(text if with_vip else _OF_VIP.sub("", text))
        _, empty = self.node.director.run(["cibadmin", "--empty"])
        loaded.write_text(empty)
        words = ["crm", "configure", "load", "update", str(file)]
        status, said = self.node.director.run(words, CIB_file=str(loaded), seconds=90)
        assert status == 0, said
        shutil.chown(loaded, "hacluster", "haclient")
        loaded.chmod(0o600)

    def start(self) -> None:
        """Start it; resources are started when both directors are there."""
        self.node.start(*isolated(self.node.name, ["sh", "-c", _RUN], pids=True))

    def stop(self) -> None:
        """Stop it in order: the other director takes over."""
        self.node.end("pacemakerd")
        self.node.reap()

    def kill(self) -> None:
        """Kill -9 corosync and all daemons of Pacemaker; what they have started goes on."""
        self.node.kill("corosync", "pacemakerd", *(f"pacemaker-{name}"[:15] for name in _DAEMONS))

    @property
    def log(self) -> str:
        """What Pacemaker told."""
        return (self.node.folder / "var/log/pacemaker/pacemaker.log").read_text()

    @property
    def corosync_log(self) -> str:
        """What corosync told."""
        return (self.node.folder / "var/log/corosync.log").read_text()


def begin(cluster: Cluster, more: str = "", *, with_vip: bool = True) -> None:
    """Start Pacemaker on both directors with the promotable clone, and *more* lines in the configuration."""
    key = os.urandom(256)
    config = cluster.config(f"role={ROLE}\nsyncdaemon=eth1 id=7\nfailurecount=3\n{more}")
    for node in cluster.nodes:
        Pacemaker(node).install(key)
        (node.folder / "etc/ha.d/ldirectord.cf").write_text(config)
        node.boot = _boot
    Pacemaker(cluster.nodes[0]).load("promotable.crm", with_vip=with_vip)
    for node in cluster.nodes:
        _boot(node)


def _boot(node: Node) -> None:
    node.host.sysctl("ipv4.vs.sync_threshold", "0 1")
    Pacemaker(node).start()


def ready(cluster: Cluster) -> tuple[Node, Node]:
    """Wait until one director has the VIP and is active, and the other one has a table; return that one last."""

    def settled() -> bool:
        roles = {role(node): node for node in cluster.nodes}
        return (
            roles.keys() == {"active", "standby"}
            and cluster.witness.holders == {roles["active"].name}
            and any(roles["standby"].director.weights().values())
        )

    wait_until(settled, PATIENCE, telling=lambda: Pacemaker(cluster.nodes[0]).log[-10000:])
    return standing(cluster)
