"""What is wanted of one virtual service: the one place that turns health into weights, and says why."""

from collections.abc import Mapping
from functools import lru_cache

from ldirectord_py.engine.servers import ServerState
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.config import Real, Virtual
from ldirectord_py.model.decisions import Cause, Decision, Mode, Standing, Who
from ldirectord_py.model.health import State
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.table import Destination, Service, TableState


def decide(virtual: Virtual, servers: Mapping[RealKey, ServerState]) -> Decision:
    """Return what is wanted of *virtual* while its real servers are as *servers* says.

    A server that serves stands there as configured.  One that does not is left out, or kept with
    weight 0 where the virtual is quiescent, unless somebody else took it out and it is not to be
    put back (`readdquiescent=no`).  The fallback stands in while nobody serves; a server of
    configured weight 0 that is up counts as serving.
    """
    destinations: dict[Endpoint, Destination] = {}
    reals: dict[RealKey, Standing] = {}
    anybody = False
    for key, real in virtual.servers:
        server = servers[key]
        if server.health.state.serving:
            anybody = True
            destinations[key.real] = real.destination
            reals[key] = _as_configured(real.destination.weight)
            continue
        kept = virtual.quiescent and not server.taken_out
        if kept:
            destinations.setdefault(key.real, real.destination.quiesced)
        reals[key] = Standing(0 if kept else None, _reasons(real, server, quiescent=virtual.quiescent))
    mode = Mode.REALS if anybody else Mode.NOBODY
    if virtual.fallback and not anybody:
        mode = Mode.FALLBACK
        destinations[virtual.kernel_endpoint(virtual.fallback)] = virtual.fallback.destination
    return Decision(Service(virtual.settings, destinations), mode, reals)


def in_service(table: TableState, key: RealKey, real: Real) -> bool:
    """Return whether *table* has the server in service: with a weight, or drained by its configured weight of 0."""
    service = table.get(key.virtual)
    entry = service.destinations.get(key.real) if service else None
    return entry is not None and (entry.weight > 0 or real.destination.weight == 0)


@lru_cache(maxsize=1024)
def _as_configured(weight: int) -> Standing:
    return Standing(weight, (_configured(weight),))


@lru_cache(maxsize=1024)
def _configured(weight: int) -> Cause:
    return Cause(Who.CONFIG, f"weight {weight} is configured")


def _reasons(real: Real, server: ServerState, *, quiescent: bool) -> tuple[Cause, ...]:
    """Return why *server* does not serve, from its configured weight on."""
    causes = [_configured(real.destination.weight), _kept_from_serving(server)]
    if server.taken_out and quiescent:
        causes.append(Cause(Who.TABLE, "was taken out of the table, and readdquiescent is off"))
    return tuple(causes)


def _kept_from_serving(server: ServerState) -> Cause:
    health = server.health
    if server.file is not None:
        return Cause(Who.FILE, f"is in maintenance by the file {server.file}", health.since)
    if health.state is State.UNKNOWN:
        return Cause(Who.CHECK, "has not been checked yet", health.since)
    return Cause(Who.CHECK, f"is down: {health.detail}" if health.detail else "is down", health.since)
