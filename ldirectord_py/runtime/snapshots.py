"""The director's state as one value."""

from collections.abc import Iterator

from ldirectord_py.model.config import Virtual
from ldirectord_py.model.decisions import Decision, Mode
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.snapshot import RealStatus, Snapshot, VirtualStatus
from ldirectord_py.runtime.director import Director


def snapshot(director: Director, *, inflight: int, queued: int, log_lines_lost: int = 0) -> Snapshot:
    """Return how everything is now."""
    return Snapshot(
        virtuals=_Virtuals(director),
        inflight=inflight,
        queued=queued,
        first_pass=director.state.first_pass,
        log_lines_lost=log_lines_lost,
    )


class _Virtuals:
    """The virtuals of the configuration that is in force when one begins to go through them."""

    def __init__(self, director: Director) -> None:
        self._director = director

    def __iter__(self) -> Iterator[VirtualStatus]:
        director = self._director
        for virtual in director.config.virtuals:
            decision = director.state.decide(virtual.key)
            if decision is not None and director.state.virtuals[virtual.key] is virtual:  # no reload came in between
                yield _virtual(director, virtual, decision)


def _virtual(director: Director, virtual: Virtual, decision: Decision) -> VirtualStatus:
    return VirtualStatus(
        key=virtual.key,
        scheduler=virtual.settings.scheduler,
        service=virtual.check_options.service,
        checktype=virtual.check_options.checktype,
        quiescent=virtual.quiescent,
        fallback=virtual.kernel_endpoint(virtual.fallback) if virtual.fallback else None,
        fallback_active=decision.mode is Mode.FALLBACK,
        reals=tuple(_reals(director, virtual, decision)),
    )


def _reals(director: Director, virtual: Virtual, decision: Decision) -> list[RealStatus]:
    actual = director.reconciler.known.get(virtual.key)
    statuses: dict[RealKey, RealStatus] = {}
    for key, real in virtual.servers:
        server = director.state.servers[key]
        should = decision.service.destinations.get(key.real)
        does = actual.destinations.get(key.real) if actual else None
        statuses[key] = RealStatus(
            key=key,
            configured=real.endpoint,
            forwarding=real.destination.forwarding,
            health=server.health,
            maintenance=server.file,
            weight=real.destination.weight,
            wanted=should.weight if should else None,
            actual=does.weight if does else None,
            certificate_expires=director.certificates.expires(real.plan),
        )
    return list(statuses.values())
