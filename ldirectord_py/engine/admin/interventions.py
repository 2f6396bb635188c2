"""What people do to servers: files in `maintenancedir`, and commands."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ldirectord_py.engine.admin.administration import Administration
from ldirectord_py.engine.inputs import Commanded, Handset, Moment
from ldirectord_py.engine.servers import ServerState
from ldirectord_py.model.checks.check_plan import CheckPlan
from ldirectord_py.model.commands import BY_HAND, AdminState, Command, Commands, Enable, SetWeight
from ldirectord_py.model.config import ForeignWeight, Real, Virtual
from ldirectord_py.model.events import AdminCause, AdminChanged, Event, MaintenanceChanged
from ldirectord_py.model.health import Health
from ldirectord_py.model.service import RealKey, VirtualKey


class Moved(NamedTuple):
    """A server that is checked by another plan than before."""

    real: RealKey
    old: CheckPlan
    new: CheckPlan


class Said(NamedTuple):
    """What people have said of a server."""

    file: str | None
    """The maintenance file that bears its name."""
    admin: AdminState | None


class Interventions:
    """Has servers go into maintenance and come back, and be as operators have said."""

    def __init__(self, tell: Callable[[Event], None], changed: Callable[[RealKey, ServerState, Health], None]) -> None:
        """*tell* takes events; *changed* is told of a server whose health was another one before."""
        self.administration = Administration()
        """What operators have said."""
        self.in_maintenance: dict[RealKey, None] = {}
        """No set: what is told follows its order, and the order of a set is another one in each process."""
        self.moved: list[Moved] = []
        """Who is checked by another plan since files or commands have come last."""
        self._tell = tell
        self._changed = changed

    def restore(
        self,
        in_maintenance: Iterable[RealKey],
        administered: Iterable[RealKey],
        scopes: Iterable[tuple[str, AdminState]],
        servers: Mapping[RealKey, ServerState],
    ) -> None:
        """Be as somebody else was."""
        self.in_maintenance = dict.fromkeys(in_maintenance)
        admins = ((real, admin) for real in administered if (admin := servers[real].admin) is not None)
        self.administration.restore(admins, scopes)

    def resume(
        self,
        servers: Mapping[RealKey, ServerState],
        files: Mapping[RealKey, str],
        administered: Mapping[RealKey, AdminState],
        now: Moment,
    ) -> None:
        """Have *servers*, those of a new configuration, be as people have said before it came in force."""
        for key in dict.fromkeys((*self.in_maintenance, *files, *administered)):
            if (server := servers.get(key)) is not None:
                admin = administered.get(key, server.admin)
                if admin is not server.admin:
                    self.administer(key, server, admin, AdminCause.RESTORED)
                self.turn(key, server, Said(files.get(key), admin), now)

    def keep(
        self, servers: Mapping[RealKey, ServerState], virtuals: Mapping[VirtualKey, Virtual], commanded: Commands
    ) -> None:
        """Know that *servers* and *virtuals* are all there are now; *commanded* is what the last director was told."""
        for key, admin in self.administration.keep(servers, commanded).items():
            self._tell(AdminChanged(key, admin, None, AdminCause.DROPPED))
        self.in_maintenance = {key: None for key in self.in_maintenance if key in servers}
        for key, admin in list(self.administration.states.items()):
            if not holds(admin, virtuals[key.virtual], (server := servers[key]).real):
                self.administer(key, server, None, AdminCause.RELOADED)
                server.admin = None

    def administer(
        self,
        key: RealKey,
        server: ServerState,
        admin: AdminState | None,
        cause: AdminCause,
        command: Command | None = None,
    ) -> None:
        """Note that *admin* is to be in force for *server*; `move` or `turn` has it follow."""
        by, reason = (command.by, command.reason) if command is not None else ("", "")
        self._tell(AdminChanged(key, server.admin, admin, cause, by, reason))
        self.administration.set(key, admin)

    def move(
        self,
        key: RealKey,
        server: ServerState,
        virtual: Virtual,
        said: Said,
        now: Moment,
    ) -> None:
        """Have what people have *said* be in force for *server* of *virtual*, and note how it is checked now."""
        old = server.plan(key, virtual)
        if self.turn(key, server, said, now):
            self.moved.append(Moved(key, old, server.plan(key, virtual)))

    def turn(self, key: RealKey, server: ServerState, said: Said, now: Moment) -> bool:
        """Have what people have *said* be in force for *server*; return whether its maintenance begins or ends by that.

        Who goes in is out at once, whatever it takes otherwise; who comes back is out until it has been asked.
        """
        was_out, was = server.in_maintenance, server.file
        server.file, server.admin = file, _ = said
        out = server.in_maintenance
        if (was is None) != (file is None) and out is (file is not None):
            self._tell(MaintenanceChanged(key, out, file or was or ""))
        if out is was_out:
            return False
        before = server.health
        if out:
            self.in_maintenance[key] = None
            server.enter_maintenance(now.epoch)
        else:
            self.in_maintenance.pop(key, None)
            server.leave_maintenance(now.epoch)
        self._changed(key, server, before)
        return True


def commanded(given: Commanded | Handset, servers: Mapping[RealKey, ServerState]) -> tuple[Command, AdminCause]:
    """Return what is to be carried out because of *given*, and who is its cause."""
    if isinstance(given, Commanded):
        return given.command, AdminCause.COMMAND
    return command_by_hand(given.real, servers.get(given.real), given.weight), AdminCause.TABLE


def command_by_hand(real: RealKey, server: ServerState | None, weight: int) -> Command:
    """Return the command that it amounts to if somebody gives *server* this *weight* in the table."""
    if server is not None and weight == server.real.destination.weight:
        return Enable(target=real, by=BY_HAND)
    return SetWeight(target=real, weight=weight, by=BY_HAND)


def holds(admin: AdminState, virtual: Virtual, real: Real) -> bool:
    """Return whether *admin* is still to be in force: a weight set by hand is not where nobody respects it any more."""
    by_hand = admin.by == BY_HAND
    return not by_hand or (virtual.handset is not ForeignWeight.REPAIR and admin.weight != real.destination.weight)


def respects_hand(virtual: Virtual, server: ServerState, weight: int) -> bool:
    """Return whether the *weight* that somebody else gave *server* in the table is to hold: not against a command."""
    if virtual.handset is ForeignWeight.REPAIR:
        return False
    if server.admin is None:
        return weight != server.real.destination.weight
    return server.admin.by == BY_HAND
