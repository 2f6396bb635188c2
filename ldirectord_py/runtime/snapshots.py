"""The director's state as one value."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ldirectord_py.model.checks.check_plan import Always, Never, Polled
from ldirectord_py.model.config import Real, Virtual
from ldirectord_py.model.decisions import Decision, Mode
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.snapshot import RealStatus, Snapshot, VirtualStatus
from ldirectord_py.model.table import UNKNOWN_TRAFFIC, ServiceFlags, Traffic
from ldirectord_py.runtime.director import Director

CountTraffic = Callable[[VirtualKey], Traffic]
"""Returns what is counted of a virtual service, as far as it is known."""
Due = Callable[[Polled], float | None]
"""Returns in how many seconds a plan is to be carried out next; None: that is not known."""


@dataclass(frozen=True, slots=True)
class Live:
    """What is told of servers and services besides what the director knows."""

    counted: CountTraffic = lambda _virtual: UNKNOWN_TRAFFIC
    due: Due = lambda _plan: None


NOTHING_LIVE = Live()


def snapshot(
    director: Director, *, inflight: int, queued: int, log_lines_lost: int = 0, live: Live = NOTHING_LIVE
) -> Snapshot:
    """Return how everything is now."""
    return Snapshot(
        virtuals=_Virtuals(director, live),
        inflight=inflight,
        queued=queued,
        first_pass=director.state.first_pass,
        log_lines_lost=log_lines_lost,
        role=director.role,
        config_fingerprint=director.config.sources.fingerprint,
    )


def real_statuses(director: Director, keys: Iterable[RealKey], live: Live) -> Iterator[RealStatus]:
    """Yield how those of *keys* are now that there are."""
    for key in keys:
        server, virtual = director.state.servers.get(key), director.state.virtuals.get(key.virtual)
        decision = director.state.decide(key.virtual)
        if server is not None and virtual is not None and decision is not None:
            yield _Reals(director, virtual, live).status(key, server.real, decision)


@dataclass(frozen=True, slots=True)
class _Virtuals:
    """The virtuals of the configuration that is in force when one begins to go through them."""

    director: Director
    live: Live

    def __iter__(self) -> Iterator[VirtualStatus]:
        for virtual in self.director.config.virtuals:
            reals = _Reals(self.director, virtual, self.live)
            if (decision := reals.decision) is not None:
                yield _virtual(virtual, decision, reals)


def _virtual(virtual: Virtual, decision: Decision, reals: "_Reals") -> VirtualStatus:
    settings = virtual.settings
    return VirtualStatus(
        key=virtual.key,
        servicename=virtual.servicename,
        scheduler=settings.scheduler,
        service=virtual.check_options.service,
        checktype=virtual.check_options.checktype,
        quiescent=virtual.quiescent,
        fallback=virtual.fallback_endpoint,
        fallback_active=decision.mode is Mode.FALLBACK,
        until=decision.until,
        reals=reals,
        mode=decision.mode,
        comment=virtual.comment,
        persistent=settings.persistence if settings.flags & ServiceFlags.PERSISTENT else None,
        rates=reals.live.counted(virtual.key).rates,
    )


@dataclass(frozen=True, slots=True)
class _Reals:
    """The real servers of *virtual*, each made when it is asked for; none any more after a reload."""

    director: Director
    virtual: Virtual
    live: Live

    @property
    def decision(self) -> Decision | None:
        """What is wanted of it; None: a reload has taken it away, or put another in its place."""
        state = self.director.state
        return state.decide(self.virtual.key) if state.virtuals.get(self.virtual.key) is self.virtual else None

    def __iter__(self) -> Iterator[RealStatus]:
        for key, real in dict(self.virtual.servers).items():
            if (decision := self.decision) is None:
                return
            yield self.status(key, real, decision)

    def status(self, key: RealKey, real: Real, decision: Decision) -> RealStatus:
        """Return how one of them is now, of whose virtual *decision* is wanted."""
        director, server = self.director, self.director.state.servers[key]
        actual = director.reconciler.known.get(key.virtual)
        should = decision.service.destinations.get(key.real)
        does = actual.destinations.get(key.real) if actual else None
        plan = None if isinstance(real.plan, Always | Never) else real.plan
        left = None if plan is None else self.live.due(plan)
        counted = self.live.counted(key.virtual)
        return RealStatus(
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
            connections=counted.connections.get(key.real),
            totals=counted.totals.get(key.real),
            failurecount=self.virtual.failurecount,
            asked=plan.probe_at(0).asked if plan else "",
            interval=max(plan.interval, director.least_interval) if plan else None,
            due=None if left is None else time.time() + left,
            because=decision.reals[key].because,
            until=server.admin.until if server.admin else None,
        )
