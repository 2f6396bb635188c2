"""What the engine keeps of each real server."""

from dataclasses import dataclass

from ldirectord_py.engine.belief import ServerBelief
from ldirectord_py.engine.health import advance, unchecked
from ldirectord_py.engine.maintained import IN_MAINTENANCE, kept_out
from ldirectord_py.model.checks.check_plan import Always, CheckPlan, Never
from ldirectord_py.model.commands import AdminKind, AdminState
from ldirectord_py.model.config import Real, Virtual
from ldirectord_py.model.health import Health, Rules, State
from ldirectord_py.model.service import RealKey

UNHEARD_OF = Health(State.UNKNOWN, 0)


@dataclass(slots=True)
class ServerState:
    """One real server of the configuration in force."""

    real: Real
    rules: Rules
    health: Health
    file: str | None = None
    """The maintenance file that has it out."""
    set_aside: Health | None = None
    """What was believed of a server without checks before a file took it out."""
    taken_out: bool = False
    """Somebody else took it out of the table while it had weight 0, and it is not to be put back."""
    admin: AdminState | None = None
    """What an operator has said of it."""

    @property
    def in_maintenance(self) -> bool:
        """Whether it is out and not checked, because of a file or a command."""
        return self.file is not None or is_maintained(self.admin)

    @property
    def serves(self) -> bool:
        """Whether it stands for the clients of its virtual: one that is drained does not, so a fallback may come in."""
        return self.health.state.serving and (self.admin is None or not self.admin.takes_no_clients)

    def belief(self, key: RealKey) -> ServerBelief:
        """Return what is believed of it, *key*, as a value."""
        return ServerBelief(key, self.health, self.file, self.set_aside, self.taken_out, self.admin)

    def believing(self, known: ServerBelief) -> "ServerState":
        """Return the same server with what is *known* of it."""
        return ServerState(
            self.real, self.rules, known.health, known.file, known.set_aside, known.taken_out, known.admin
        )

    def plan(self, key: RealKey, virtual: Virtual) -> CheckPlan:
        """Return how it, *key* of *virtual*, is checked now."""
        return kept_out(key, virtual.check_options.interval) if self.in_maintenance else self.real.plan

    def enter_maintenance(self, now: float) -> None:
        """Be out, whatever that takes otherwise; *now* is in seconds since the epoch."""
        if isinstance(self.real.plan, Never):
            self.set_aside = self.health
        self.health = advance(self.health, IN_MAINTENANCE, self.rules, now)

    def leave_maintenance(self, now: float) -> None:
        """Be out until it has been asked; where nobody is asked, be as before."""
        kept, self.set_aside = self.set_aside, None
        if isinstance(self.real.plan, Always):
            self.health = Health(State.UP, now)
        else:
            # What was believed of a server without checks counts as long as it has none.
            unasked = isinstance(self.real.plan, Never)
            self.health = kept if kept is not None and unasked else unchecked(adopted=False, now=now)


def is_maintained(admin: AdminState | None) -> bool:
    """Return whether *admin* has a server out, and not checked."""
    return admin is not None and admin.kind is AdminKind.MAINTENANCE
