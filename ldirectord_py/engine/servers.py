"""What the engine keeps of each real server."""

from dataclasses import dataclass

from ldirectord_py.engine.belief import ServerBelief
from ldirectord_py.engine.health import advance, unchecked
from ldirectord_py.engine.maintained import IN_MAINTENANCE, kept_out
from ldirectord_py.model.check_plan import Always, CheckPlan, Never
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

    def belief(self, key: RealKey) -> ServerBelief:
        """Return what is believed of it, *key*, as a value."""
        return ServerBelief(key, self.health, self.file, self.set_aside, self.taken_out)

    def believing(self, known: ServerBelief) -> "ServerState":
        """Return the same server with what is *known* of it."""
        return ServerState(self.real, self.rules, known.health, known.file, known.set_aside, known.taken_out)

    def plan(self, key: RealKey, virtual: Virtual) -> CheckPlan:
        """Return how it, *key* of *virtual*, is checked now."""
        return self.real.plan if self.file is None else kept_out(key, virtual.check_options.interval)

    def enter_maintenance(self, file: str, now: float) -> None:
        """Be out, whatever that takes otherwise; *now* is in seconds since the epoch."""
        self.file = file
        if isinstance(self.real.plan, Never):
            self.set_aside = self.health
        self.health = advance(self.health, IN_MAINTENANCE, self.rules, now)

    def leave_maintenance(self, now: float) -> None:
        """Be out until it has been asked; where nobody is asked, be as before."""
        self.file = None
        kept, self.set_aside = self.set_aside, None
        if isinstance(self.real.plan, Always):
            self.health = Health(State.UP, now)
        else:
            # What was believed of a server without checks counts as long as it has none.
            unasked = isinstance(self.real.plan, Never)
            self.health = kept if kept is not None and unasked else unchecked(adopted=False, now=now)
