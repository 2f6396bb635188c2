"""What is wanted of one virtual service: the one place that turns health and commands into weights, and says why.

Who decides about a server's weight, the first who has something to say:

1. an operator's command: drained is weight 0, and the entry stays whatever its checks say
2. a maintenance file, or an operator's command that has it in maintenance
3. a failed check, or one that has yet to succeed: out
4. a weight that an operator has set, or another hand in the table that is respected
5. the configured weight

For the virtual as a whole, the fallback stands in while nobody serves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from ldirectord_py.engine.servers import ServerState, is_maintained
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.commands import BY_HAND, AdminKind, AdminState
from ldirectord_py.model.config import Real, Virtual
from ldirectord_py.model.decisions import Cause, Decision, Mode, Standing, Who
from ldirectord_py.model.health import State
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import Destination, Service, TableState


def decide(virtual: Virtual, servers: Mapping[RealKey, ServerState]) -> Decision:
    """Return what is wanted of *virtual* while its real servers are as *servers* says.

    A server that serves stands there as configured, or with the weight that an operator has set.
    One that does not is left out, or kept with weight 0 where the virtual is quiescent, unless
    somebody else took it out and it is not to be put back (`readdquiescent=no`).
    One that is drained is kept with weight 0.  The fallback stands in while nobody serves; a server of
    configured weight 0 that is up counts as serving.
    """
    draft = _Draft(virtual, {}, {})
    for key, real in virtual.servers:
        draft.enter(key, real, servers[key])
    return draft.decision()


def decide_again(
    virtual: Virtual, servers: Mapping[RealKey, ServerState], before: Decision, changed: Iterable[RealKey]
) -> Decision:
    """Return the same as `decide`, where it was *before* until those servers have *changed*: it costs what they do."""
    draft = _Draft(virtual, dict(before.service.destinations), dict(before.reals))
    if (fallback := virtual.fallback_endpoint) is not None:
        if RealKey(virtual.key, fallback) in draft.reals:  # one entry of the table for both
            return decide(virtual, servers)
        draft.destinations.pop(fallback, None)
    for key in changed:
        draft.destinations.pop(key.real, None)
        draft.enter(key, servers[key].real, servers[key])
    return draft.decision()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A decision that is being made."""

    virtual: Virtual
    destinations: dict[Endpoint, Destination]
    reals: dict[RealKey, Standing]

    def enter(self, key: RealKey, real: Real, server: ServerState) -> None:
        """Enter what is wanted of one server."""
        if server.health.state.serving and server.admin is None:
            self.destinations[key.real] = real.destination
            self.reals[key] = _as_configured(real.destination.weight)
            return
        virtual = self.virtual
        weight = _weight(real, server, quiescent=virtual.quiescent)
        if weight is not None:
            hashed = _weight_in_service(real, server) if virtual.settings.keeps_hash_places and not weight else 0
            self.destinations[key.real] = replace(real.destination, weight=weight, hashed_weight=hashed)
        until = server.admin.until if server.admin is not None else None
        self.reals[key] = Standing(weight, _reasons(real, server, quiescent=virtual.quiescent), server.serves, until)

    def decision(self) -> Decision:
        """Return the decision, once all servers are entered."""
        virtual, standings = self.virtual, self.reals.values()
        anybody = any(standing.serves for standing in standings)
        mode = Mode.REALS if anybody else Mode.NOBODY
        if virtual.fallback and not anybody:
            mode = Mode.FALLBACK
            self.destinations[virtual.kernel_endpoint(virtual.fallback)] = virtual.fallback.destination
        until = min((standing.until for standing in standings if standing.until is not None), default=None)
        return Decision(Service(virtual.settings, self.destinations), mode, self.reals, until)


class Decisions:
    """The decisions that hold, each for as long as nothing that it depends on changes."""

    def __init__(self) -> None:
        self._made: dict[VirtualKey, Decision] = {}
        self._changed: dict[VirtualKey, dict[RealKey, None]] = {}
        """The servers that have changed since a decision about their virtual was made."""

    def about(self, virtual: Virtual, servers: Mapping[RealKey, ServerState]) -> Decision:
        """Return what is wanted of *virtual*."""
        made, changed = self._made.get(virtual.key), self._changed.pop(virtual.key, None)
        if made is None:
            made = self._made[virtual.key] = decide(virtual, servers)
        elif changed is not None:
            made = self._made[virtual.key] = decide_again(virtual, servers, made, changed)
        return made

    def change(self, real: RealKey) -> None:
        """Know that something of *real* has changed on which a decision depends."""
        if real.virtual in self._made:
            self._changed.setdefault(real.virtual, {})[real] = None

    def forget(self) -> None:
        """Have all of them made anew: another configuration is in force."""
        self._made.clear()
        self._changed.clear()


def _weight(real: Real, server: ServerState, *, quiescent: bool) -> int | None:
    """Return the weight of a server that is out, or of which an operator has said something; None: no entry."""
    if server.admin is not None and server.admin.kind is AdminKind.DRAIN:
        return 0
    if not server.health.state.serving:
        return 0 if quiescent and not server.taken_out else None
    return _weight_in_service(real, server)


def _weight_in_service(real: Real, server: ServerState) -> int:
    """Return the weight that the server has when it serves."""
    set_to = server.admin.weight if server.admin is not None else None
    return real.destination.weight if set_to is None else set_to


def in_service(table: TableState, key: RealKey, real: Real, admin: AdminState | None = None) -> bool:
    """Return whether *table* has the server in service: with a weight, or drained as configured, or by *admin*."""
    service = table.get(key.virtual)
    entry = service.destinations.get(key.real) if service else None
    if entry is None:
        return False
    drained = admin is not None and admin.takes_no_clients and not is_maintained(admin)
    return entry.weight > 0 or real.destination.weight == 0 or drained


@lru_cache(maxsize=1024)
def _as_configured(weight: int) -> Standing:
    return Standing(weight, (_configured(weight),))


@lru_cache(maxsize=1024)
def _configured(weight: int) -> Cause:
    return Cause(Who.CONFIG, f"weight {weight} is configured")


def _reasons(real: Real, server: ServerState, *, quiescent: bool) -> tuple[Cause, ...]:
    """Return why *server* has another weight than the configured one, from that one on."""
    causes = [_configured(real.destination.weight)]
    if server.admin is not None and server.admin.kind is AdminKind.WEIGHT:
        causes.append(_commanded(server.admin))
    if not server.health.state.serving:
        causes.append(_kept_from_serving(server))
    if server.admin is not None and server.admin.kind is AdminKind.DRAIN:
        causes.append(_commanded(server.admin))
    elif server.taken_out and quiescent:
        causes.append(Cause(Who.TABLE, "was taken out of the table, and readdquiescent is off"))
    return tuple(causes)


def _kept_from_serving(server: ServerState) -> Cause:
    health = server.health
    if server.admin is not None and is_maintained(server.admin):
        return _commanded(server.admin)
    if server.file is not None:
        return Cause(Who.FILE, f"is in maintenance by the file {server.file}", health.since)
    if health.state is State.UNKNOWN:
        return Cause(Who.CHECK, "has not been checked yet", health.since)
    return Cause(Who.CHECK, f"is down: {health.detail}" if health.detail else "is down", health.since)


def _commanded(admin: AdminState) -> Cause:
    reason = f": {admin.reason}" if admin.reason else ""
    who = Who.TABLE if admin.by == BY_HAND else Who.OPERATOR
    return Cause(who, f"{_WORDS[admin.kind].format(admin)} by {admin.by}{reason}", admin.since, admin.until)


_WORDS = {
    AdminKind.DRAIN: "is drained",
    AdminKind.MAINTENANCE: "was put into maintenance",
    AdminKind.WEIGHT: "was given weight {0.weight}",
}
