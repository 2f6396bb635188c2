"""The director's state as one value."""

from collections.abc import Iterator

from ldirectord_py.engine.desired import desired_service, fallback_active
from ldirectord_py.model.config import Virtual
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.snapshot import RealStatus, Snapshot, VirtualStatus
from ldirectord_py.model.table import Service
from ldirectord_py.runtime.director import Director


def snapshot(director: Director, *, inflight: int, queued: int, log_lines_lost: int = 0) -> Snapshot:
    """Return how everything is now."""
    return Snapshot(
        virtuals=_Virtuals(director),
        inflight=inflight,
        queued=queued,
        first_pass=director.first_pass,
        log_lines_lost=log_lines_lost,
    )


class _Virtuals:
    """The virtuals of the configuration that is in force when one begins to go through them."""

    def __init__(self, director: Director) -> None:
        self._director = director

    def __iter__(self) -> Iterator[VirtualStatus]:
        director = self._director
        for virtual in director.config.virtuals:
            if director.service(virtual.key) is not None:  # a reload may come in between
                yield _virtual(director, virtual)


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
    for key, real in zip(virtual.keys, virtual.reals, strict=True):
        should = wanted.destinations.get(key.real)
        does = actual.destinations.get(key.real) if actual else None
        statuses[key] = RealStatus(
            key=key,
            configured=real.endpoint,
            forwarding=real.destination.forwarding,
            health=director.healths[key],
            maintenance=director.in_maintenance.get(key),
            weight=real.destination.weight,
            wanted=should.weight if should else None,
            actual=does.weight if does else None,
            certificate_expires=director.certificates.expires(real.plan),
        )
    return list(statuses.values())
