"""What a configuration makes of the servers, worked out a part at a time while the one before is in force."""

from collections.abc import Collection, Iterator, Mapping

from ldirectord_py.engine.admin.administration import Administration
from ldirectord_py.engine.admin.interventions import holds
from ldirectord_py.engine.decision import in_service
from ldirectord_py.engine.health import resumed, unchecked
from ldirectord_py.engine.inputs import Configured, Moment
from ldirectord_py.engine.maintained import kept_out
from ldirectord_py.engine.servers import ServerState, is_maintained
from ldirectord_py.model.checks.check_plan import Always, Polled
from ldirectord_py.model.commands import AdminState
from ldirectord_py.model.config import Real, Virtual
from ldirectord_py.model.health import Health, Rules, State
from ldirectord_py.model.service import RealKey

_SLICE = 128
"""Servers that are worked out in one turn of the loop."""


class Preparation:
    """Is complete once `work` has come to its end; servers that stay are touched by `complete` alone."""

    def __init__(
        self,
        given: Configured,
        before: Mapping[RealKey, ServerState],
        stood_in: Collection[RealKey],
        now: Moment,
        administration: Administration,
    ) -> None:
        """*before* has the servers as they are, *stood_in* the fallbacks that stand in for them."""
        self._edition = administration.edition
        self.administered: dict[RealKey, AdminState] = {}
        """The admin states of servers that are new."""
        self._administration = administration
        self.given = given
        self.servers: dict[RealKey, ServerState] = {}
        self.subscribers: dict[Polled, dict[RealKey, None]] = {}
        self._before = before
        self._stood_in = stood_in
        self._now = now
        self._stay: list[tuple[ServerState, Real, Rules]] = []
        self._unchecked: list[tuple[ServerState, bool]] = []

    @property
    def holds(self) -> bool:
        """Whether no operator has said anything since it began."""
        return self._edition == self._administration.edition

    def work(self) -> Iterator[None]:
        """Work it out; yields now and then."""
        count = 0
        for virtual in self.given.config.virtuals:
            rules = Rules(virtual.failurecount)
            # Of several lines that name one server the last counts, as in the original.
            for key, real in dict(virtual.servers).items():
                self._take(virtual, rules, key, real)
                count += 1
                if count % _SLICE == 0:
                    yield

    def complete(self) -> None:
        """Have the servers that stay be what the configuration says, now that it comes in force."""
        for server, real, rules in self._stay:
            server.real, server.rules, server.taken_out = real, rules, False

    def let_in(self, now: float) -> None:
        """Have those be up that nobody is to check; *now* is in seconds since the epoch."""
        for server, adopted in self._unchecked:
            if not server.in_maintenance and server.health.state is not State.UP:
                server.health = Health(State.UP, server.health.since if adopted else now)

    def _take(self, virtual: Virtual, rules: Rules, key: RealKey, real: Real) -> None:
        server = self._before.get(key)
        if server is not None:
            admin = server.admin
        else:
            admin = self._administration.for_newcomer(key, self.given.commanded)
            if admin is not None and not holds(admin, virtual, real):
                admin = None
            if admin is not None:
                self.administered[key] = admin
        adopted = key not in self._stood_in and in_service(self.given.found, key, real, admin)
        if server is None:
            server = ServerState(real, rules, self._first_belief(key, adopted=adopted))
        else:
            self._stay.append((server, real, rules))
        self.servers[key] = server
        out = key in self.given.files or is_maintained(admin)
        plan = kept_out(key, virtual.check_options.interval) if out else real.plan
        if isinstance(plan, Always):
            self._unchecked.append((server, adopted))
        elif isinstance(plan, Polled):
            self.subscribers.setdefault(plan, {})[key] = None

    def _first_belief(self, key: RealKey, *, adopted: bool) -> Health:
        """Return what is believed of a server that is new, from what the last director knew and the table shows."""
        remembered = self.given.remembered.get(str(key)) if self.given.remembered else None
        return resumed(unchecked(adopted=adopted, now=self._now.epoch), remembered)
