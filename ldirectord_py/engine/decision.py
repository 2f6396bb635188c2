"""What is wanted of one virtual service: the one place that turns health and commands into weights, and says why.

Who decides about a server's weight, the first who has something to say:

1. an operator's command: drained is weight 0, and the entry stays whatever its checks say
2. a maintenance file, or an operator's command that has it in maintenance
3. a failed check, or one that has yet to succeed: out
4. a weight that an operator has set, or another hand in the table that is respected
5. the configured weight

For the virtual as a whole, the fallback stands in while nobody serves.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from ldirectord_py.engine.servers import ServerState, is_maintained
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.commands import BY_HAND, AdminKind, AdminState
from ldirectord_py.model.config import Real, Virtual
from ldirectord_py.model.decisions import Cause, Decision, Mode, Standing, Who
from ldirectord_py.model.health import State
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.table import Destination, Service, TableState


def decide(virtual: Virtual, servers: Mapping[RealKey, ServerState]) -> Decision:
    """Return what is wanted of *virtual* while its real servers are as *servers* says.

    A server that serves stands there as configured, or with the weight that an operator has set.
    One that does not is left out, or kept with weight 0 where the virtual is quiescent, unless
    somebody else took it out and it is not to be put back (`readdquiescent=no`).
    One that is drained is kept with weight 0.  The fallback stands in while nobody serves; a server of
    configured weight 0 that is up counts as serving.
    """
    destinations: dict[Endpoint, Destination] = {}
    reals: dict[RealKey, Standing] = {}
    anybody = False
    until: float | None = None
    for key, real in virtual.servers:
        server = servers[key]
        admin = server.admin
        anybody = anybody or server.serves
        if server.health.state.serving and admin is None:
            destinations[key.real] = real.destination
            reals[key] = _as_configured(real.destination.weight)
            continue
        weight = _weight(real, server, quiescent=virtual.quiescent)
        if weight is not None:
            hashed = _weight_in_service(real, server) if virtual.settings.keeps_hash_places and not weight else 0
            destinations[key.real] = replace(real.destination, weight=weight, hashed_weight=hashed)
        reals[key] = Standing(weight, _reasons(real, server, quiescent=virtual.quiescent))
        if admin is not None and admin.until is not None:
            until = admin.until if until is None else min(until, admin.until)
    mode = Mode.REALS if anybody else Mode.NOBODY
    if virtual.fallback and not anybody:
        mode = Mode.FALLBACK
        destinations[virtual.kernel_endpoint(virtual.fallback)] = virtual.fallback.destination
    return Decision(Service(virtual.settings, destinations), mode, reals, until)


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
