"""The director's state as one value."""

from collections.abc import Callable, Iterator, Mapping

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.check_plan import Always, Never
from ldirectord_py.model.config import Virtual
from ldirectord_py.model.decisions import Decision, Mode
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.snapshot import RealStatus, Snapshot, VirtualStatus
from ldirectord_py.model.table import Connections, ServiceFlags
from ldirectord_py.runtime.director import Director

Counted = Callable[[VirtualKey], Mapping[Endpoint, Connections]]
"""Returns the connections of each real server of a virtual, as far as they are known."""


def snapshot(
    director: Director,
    *,
    inflight: int,
    queued: int,
    log_lines_lost: int = 0,
    counted: Counted = lambda _virtual: {},
) -> Snapshot:
    """Return how everything is now."""
    return Snapshot(
        virtuals=_Virtuals(director, counted),
        inflight=inflight,
        queued=queued,
        first_pass=director.state.first_pass,
        log_lines_lost=log_lines_lost,
        config_fingerprint=director.config.sources.fingerprint,
    )


class _Virtuals:
    """The virtuals of the configuration that is in force when one begins to go through them."""

    def __init__(self, director: Director, counted: Counted) -> None:
        self._director = director
        self._counted = counted

    def __iter__(self) -> Iterator[VirtualStatus]:
        director = self._director
        for virtual in director.config.virtuals:
            decision = director.state.decide(virtual.key)
            if decision is not None and director.state.virtuals[virtual.key] is virtual:  # no reload came in between
                yield _virtual(director, virtual, decision, self._counted(virtual.key))


def _virtual(
    director: Director, virtual: Virtual, decision: Decision, counted: Mapping[Endpoint, Connections]
) -> VirtualStatus:
    settings = virtual.settings
    return VirtualStatus(
        key=virtual.key,
        servicename=virtual.servicename,
        scheduler=settings.scheduler,
        service=virtual.check_options.service,
        checktype=virtual.check_options.checktype,
        quiescent=virtual.quiescent,
        fallback=virtual.kernel_endpoint(virtual.fallback) if virtual.fallback else None,
        fallback_active=decision.mode is Mode.FALLBACK,
        until=decision.until,
        reals=tuple(_reals(director, virtual, decision, counted)),
        mode=decision.mode,
        comment=virtual.comment,
        persistent=settings.persistence if settings.flags & ServiceFlags.PERSISTENT else None,
    )


def _reals(
    director: Director, virtual: Virtual, decision: Decision, counted: Mapping[Endpoint, Connections]
) -> list[RealStatus]:
    actual = director.reconciler.known.get(virtual.key)
    statuses: dict[RealKey, RealStatus] = {}
    for key, real in virtual.servers:
        server = director.state.servers[key]
        should = decision.service.destinations.get(key.real)
        does = actual.destinations.get(key.real) if actual else None
        probe = None if isinstance(real.plan, Always | Never) else real.plan.probe_at(0)
        statuses[key] = RealStatus(
            key=key,
            configured=real.endpoint,
            forwarding=real.destination.forwarding,
            health=server.health,
            maintenance=server.file,
            admin=server.admin,
            weight=real.destination.weight,
            wanted=should.weight if should else None,
            actual=does.weight if does else None,
            certificate_expires=director.certificates.expires(real.plan),
            connections=counted.get(key.real),
            failurecount=virtual.failurecount,
            asked=probe.asked if probe else "",
            interval=None if isinstance(real.plan, Always | Never) else real.plan.interval,
            because=decision.reals[key].because,
            until=server.admin.until if server.admin else None,
        )
    return list(statuses.values())
