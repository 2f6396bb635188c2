"""The table that a configuration and its servers' health ask for."""

from collections.abc import Collection, Mapping

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.config import Config, Real, Virtual
from ldirectord_py.model.health import Health
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.table import Destination, Service, TableState


def desired(config: Config, healths: Mapping[RealKey, Health], forgone: Collection[RealKey] = ()) -> TableState:
    """Return the whole table that *config* asks for while its real servers are as *healths* says."""
    return {virtual.key: desired_service(virtual, healths, forgone) for virtual in config.virtuals}


def desired_service(virtual: Virtual, healths: Mapping[RealKey, Health], forgone: Collection[RealKey] = ()) -> Service:
    """Return what one virtual service should be in the table.

    A server that serves stands there as configured.  One that does not is left out, or kept with
    weight 0 where the virtual is quiescent, unless it is *forgone*: quiesced, then taken out by
    somebody else's hand, and not to be put back (`readdquiescent=no`).  The fallback stands in
    while nobody serves; a server of configured weight 0 that is up counts as serving.
    """
    destinations: dict[Endpoint, Destination] = {}
    anybody = False
    for key, real in zip(virtual.keys, virtual.reals, strict=True):
        if healths[key].state.serving:
            anybody = True
            destinations[key.real] = real.destination
        elif virtual.quiescent and key not in forgone:
            destinations.setdefault(key.real, real.destination.quiesced)
    if virtual.fallback and not anybody:
        destinations[virtual.kernel_endpoint(virtual.fallback)] = virtual.fallback.destination
    return Service(virtual.settings, destinations)


def fallback_active(virtual: Virtual, healths: Mapping[RealKey, Health]) -> bool:
    """Return whether the virtual's fallback, if it has one, is needed."""
    return virtual.fallback is not None and not any(healths[key].state.serving for key in virtual.keys)


def in_service(table: TableState, key: RealKey, real: Real) -> bool:
    """Return whether *table* has the server in service: with a weight, or drained by its configured weight of 0."""
    service = table.get(key.virtual)
    entry = service.destinations.get(key.real) if service else None
    return entry is not None and (entry.weight > 0 or real.destination.weight == 0)
