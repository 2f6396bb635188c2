"""Pacemaker on a director of the cluster, with the files of `etc/pacemaker` for the lab's names and addresses."""

import shutil
from dataclasses import dataclass

from tests.lab.cluster.node import Node, isolated
from tests.lab.cluster.shipped import here
from tests.lab.support.agents import OCF_ROOT, OURS
from tests.lab.support.director import ROOT
from tests.lab.support.forking import write_launcher

_SHIPPED = ROOT / "etc/pacemaker"
_NAMES = {
    "to_syslog: yes": "to_logfile: yes\n    logfile: /var/log/corosync.log",
    "quorum {": "system {\n    sched_rr: no\n}\nquorum {",  # nothing else would run in the guest while it starts
    "stonith-enabled=false": "stonith-enabled=false dc-deadtime=4s",
}
"""What is different here, besides names and addresses."""
_IP_ADDRESS = OCF_ROOT / "resource.d/heartbeat/IPaddr2"
_AGENTS = "usr/lib/ocf/resource.d"
_OF_THE_CLUSTER = ("pacemaker", *(f"pacemaker/{name}" for name in ("cib", "pengine", "blackbox", "cores")))
_RUN = "corosync; pacemakerd -f & wait; pkill corosync; while pgrep corosync; do sleep 0.1; done"


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

    def load(self, resources: str) -> None:
        """Have the cluster begin with the *resources* of that file, as crmsh would tell a running one."""
        file, loaded = self.node.folder / resources, self.node.folder / "var/lib/pacemaker/cib/cib.xml"
        file.write_text(here((_SHIPPED / resources).read_text(), _NAMES))
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

    @property
    def log(self) -> str:
        """What Pacemaker told."""
        return (self.node.folder / "var/log/pacemaker/pacemaker.log").read_text()

    @property
    def corosync_log(self) -> str:
        """What corosync told."""
        return (self.node.folder / "var/log/corosync.log").read_text()
