"""The director's state as one value."""

from ldirectord_py.engine.desired import desired_service, fallback_active
from ldirectord_py.model.config import Virtual
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.snapshot import RealStatus, Snapshot, VirtualStatus
from ldirectord_py.model.table import Service
from ldirectord_py.runtime.director import Director


def snapshot(director: Director, *, inflight: int, queued: int) -> Snapshot:
    """Return how everything is now."""
    return Snapshot(
        virtuals=tuple(_virtual(director, virtual) for virtual in director.config.virtuals),
        inflight=inflight,
        queued=queued,
        first_pass=director.first_pass,
    )


def _virtual(director: Director, virtual: Virtual) -> VirtualStatus:
    wanted = director.service(virtual.key) or desired_service(virtual, director.healths)
    actual = director.keeper.known.get(virtual.key)
    return VirtualStatus(
        key=virtual.key,
        scheduler=virtual.settings.scheduler,
        service=virtual.asking.service,
        checktype=virtual.asking.checktype,
        quiescent=virtual.quiescent,
        fallback=virtual.fallback.endpoint if virtual.fallback else None,
        fallback_active=fallback_active(virtual, director.healths),
        reals=tuple(_reals(director, virtual, wanted, actual)),
    )


def _reals(director: Director, virtual: Virtual, wanted: Service, actual: Service | None) -> list[RealStatus]:
    statuses: dict[RealKey, RealStatus] = {}
    for real in virtual.reals:
        key = RealKey(virtual.key, virtual.kernel_endpoint(real))
        should = wanted.destinations.get(key.real)
        does = actual.destinations.get(key.real) if actual else None
        statuses[key] = RealStatus(
            key=key,
            configured=real.endpoint,
            forwarding=real.destination.forwarding,
            health=director.healths[key],
            weight=real.destination.weight,
            wanted=should.weight if should else None,
            actual=does.weight if does else None,
        )
    return list(statuses.values())
