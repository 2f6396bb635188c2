"""How a director works together with others, as the configuration says."""

from dataclasses import dataclass, field

from ldirectord_py.model.cluster.role import RoleSource
from ldirectord_py.model.cluster.sync_daemon import SyncSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """How a director works together with others."""

    role: RoleSource = field(default_factory=RoleSource)
    standbyinterval: int | None = None
    """Seconds from one check of a server to the next while standby, at least; None: as while active."""
    sync: SyncSettings | None = None
    """None: the director leaves the kernel's sync daemons alone."""
