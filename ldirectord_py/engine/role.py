"""The director's role: it changes no weight, since a standby keeps its table warm."""

from collections.abc import Sequence

from ldirectord_py.engine.inputs import Moment, RoleTaken
from ldirectord_py.model.cluster.role import NEVER_TOLD, RoleStatus
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

    def take(self, given: RoleTaken, now: Moment) -> Sequence[Event]:
        """Have the role be as *given* says; return what is to be told."""
        before, held = self.told, self.status
        if given.role is held.role:
            self.told = RoleStatus(held.role, given.source, held.since or given.since)
            return ()
        self.told = RoleStatus(given.role, given.source, given.since or now.epoch)
        return (RoleChanged(before.role if before else None, given.role, given.source),)
