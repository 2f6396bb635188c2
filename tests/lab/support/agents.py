"""Pacemaker's resource agents, ours and the stock one, called as Pacemaker does."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tests.lab.support.director import ROOT, Director

OCF_ROOT = Path("/usr/lib/ocf")
OURS, STOCK = ROOT / "etc/ocf/ldirectord", OCF_ROOT / "resource.d/heartbeat/ldirectord"
PROGRAM = Path(sys.executable).with_name("ldirectord")
SUCCESS, GENERIC, ARGS, NOT_RUNNING = 0, 1, 2, 7  # of ocf-returncodes
TIMEOUT = 40
"""Seconds that Pacemaker gives an action."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A resource agent for one director."""

    path: Path
    director: Director

    def __call__(self, action: str, *, interval: int = 10) -> int:
        """Return the status of an action; an *interval* of 0 s makes a monitor a probe."""
        status, _ = self.director.run(
            [str(self.path), action],
            OCF_ROOT=str(OCF_ROOT),
            OCF_RESOURCE_INSTANCE="director",
            OCF_RESKEY_configfile=str(self.director.file),
            OCF_RESKEY_ldirectord=str(PROGRAM),
            OCF_RESKEY_CRM_meta_interval=str(interval * 1000),
            OCF_RESKEY_CRM_meta_timeout=str(TIMEOUT * 1000),
        )
        return status
