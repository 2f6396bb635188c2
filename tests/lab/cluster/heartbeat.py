"""Heartbeat on a director of the cluster, with the files of `etc/ha.d` for the lab's names and addresses."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.lab.cluster.node import Node, isolated
from tests.lab.cluster.shipped import here
from tests.lab.support.director import ROOT
from tests.lab.support.forking import write_launcher
from tests.lab.support.scene import VIP
from tests.lab.support.waiting import wait_until

_HEARTBEAT = "/usr/libexec/heartbeat/heartbeat"
_SHIPPED = ROOT / "etc/ha.d"
_NAMES = {
    f"IPaddr2::{VIP}": f"IPaddr2::{VIP}/24/eth0",
    "initdead 30": "initdead 4",
    "logfacility daemon": "use_logd no\nlogfile /var/log/heartbeat.log",
}
"""What is different here, besides names and addresses."""


@dataclass(eq=False)
class Heartbeat:
    """Heartbeat on *node*."""

    node: Node

    def install(self, resource: str) -> None:
        """Write the configuration, and have our program and our script be resource scripts.

        The resources are those of the line of `haresources` that has the script *resource*.
        """
        folder = self.node.folder / "etc/ha.d"
        shutil.copytree("/etc/ha.d", folder, symlinks=True, dirs_exist_ok=True)
        (self.node.folder / "var/lib/heartbeat").mkdir(parents=True, exist_ok=True)
        for name in ("ha.cf", "authkeys", "haresources"):
            (folder / name).write_text(here((_SHIPPED / name).read_text(), _NAMES))
        (folder / "authkeys").chmod(0o600)
        resources = [line.lstrip("#") for line in (folder / "haresources").read_text().splitlines()]
        chosen = [line for line in resources if line.startswith("director1") and f"{resource}:" in line]
        (folder / "haresources").write_text("\n".join(chosen) + "\n")
        (folder / "resource.d/ldirectord").unlink()
        write_launcher(folder / "resource.d/ldirectord")
        shutil.copy(_SHIPPED / "resource.d/ldirectord-role", folder / "resource.d")

    def start(self) -> None:
        """Start it; it begins to take resources when it has seen the other director, or waited for it."""
        for place in ("heartbeat/rsctmp", "heartbeat/ccm", "heartbeat/dopd", "resource-agents"):
            (self.node.folder / "run" / place).mkdir(parents=True, exist_ok=True)
        assert self.node.start(*isolated(self.node.name, [_HEARTBEAT])).wait(30) == 0, self.log

    def kill(self) -> None:
        """Kill -9 all of its processes; what they have started goes on."""
        self.node.kill("heartbeat")

    def start_again(self) -> None:
        """Start it after `kill`, with what the drop-in of its unit has run before."""
        text = (_SHIPPED / "heartbeat.service.d/ldirectord.conf").read_text()
        (line,) = (line for line in text.splitlines() if line.startswith("ExecStartPre="))
        status, said = self.node.director.run(line.partition("=")[2].split())
        assert status == 0, said
        self.start()

    @property
    def log(self) -> str:
        """What it told."""
        return (self.node.folder / "var/log/heartbeat.log").read_text()

    @property
    def log_of_now(self) -> str:
        """What it told since it was last started."""
        return self.log.rpartition("Configuration validated")[2]

    def stop(self) -> None:
        """Stop it in order: it gives its resources to the other director first."""
        status, said = self.node.director.run(isolated(self.node.name, [_HEARTBEAT, "-k"]))
        assert status == 0, said
        wait_until(lambda: not self._pid().exists(), 60, telling=lambda: self.log)

    def _pid(self) -> Path:
        try:
            return Path("/proc", (self.node.folder / "run/heartbeat.pid").read_text().strip())
        except FileNotFoundError:
            return Path("/nowhere")
