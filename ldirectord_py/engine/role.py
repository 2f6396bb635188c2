"""The director's role: it changes no weight, since a standby keeps its table warm."""

from collections.abc import Sequence

from ldirectord_py.engine.inputs import Moment, RoleTaken
from ldirectord_py.model.cluster.role import NEVER_TOLD, Role, RoleStatus
from ldirectord_py.model.cluster.settings import ClusterSettings
from ldirectord_py.model.events import Event, RoleChanged


class HeldRole:
    """The role in force; a director that has never been told one is active."""

    def __init__(self, told: RoleStatus | None) -> None:
        """*told*: what it has been told last; None: nothing."""
        self.told = told

    @property
    def status(self) -> RoleStatus:
        """The role, and what says so."""
        return self.told or NEVER_TOLD

    def least_interval(self, cluster: ClusterSettings) -> float:
        """Return how many seconds a check begins after the one before, at least: a standby asks less often."""
        return (cluster.standbyinterval or 0.0) if self.status.role is Role.STANDBY else 0.0

    def take(self, given: RoleTaken, now: Moment) -> Sequence[Event]:
        """Have the role be as *given* says; return what is to be told."""
        before, held = self.told, self.status
        if given.role is held.role:
            self.told = RoleStatus(held.role, given.source, held.since or given.since)
            return ()
        self.told = RoleStatus(given.role, given.source, given.since or now.epoch)
        return (RoleChanged(before.role if before else None, given.role, given.source),)
