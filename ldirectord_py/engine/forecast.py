"""What a configuration would change in a table, before it does."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ldirectord_py.engine.apply import apply
from ldirectord_py.engine.desired import desired, in_service
from ldirectord_py.engine.health import advance, unchecked
from ldirectord_py.engine.plan import plan
from ldirectord_py.model.checking import Always, Never
from ldirectord_py.model.config import Config
from ldirectord_py.model.health import Health, Rules, State
from ldirectord_py.model.outcome import Outcome, up
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import Change, Service, TableState


@dataclass(frozen=True, slots=True)
class Forecast:
    """The changes that a start, or a reload, would bring."""

    now: tuple[Change, ...]
    """At once: servers that the table has in service stay in, others have yet to be checked."""
    later: tuple[Change, ...]
    """Once every server has been checked."""
    untouched: tuple[VirtualKey, ...]
    """Services of the table that the configuration does not name, which stay as they are."""


def forecast(
    config: Config,
    found: TableState,
    outcomes: Mapping[RealKey, Outcome] | None = None,
    maintained: Collection[RealKey] = (),
    ours: Collection[str] = (),
) -> Forecast:
    """Return what *config* would change in a table in which there is *found*.

    What checks would find is taken from *outcomes*; where there are none, every server that is out
    is expected to pass.  A failure counts although more of them may be needed in a row.  Servers
    that are *maintained* are out from the beginning.  Of the services that *config* does not name, those that are
    *ours*, by their names, are removed: so does a reload of the daemon that keeps them.
    """
    healths: dict[RealKey, Health] = {}
    checked: dict[RealKey, Health] = {}
    for virtual in config.virtuals:
        for key, real in zip(virtual.keys, virtual.reals, strict=True):
            health = unchecked(adopted=in_service(found, key, real), now=0)
            match real.plan:
                case _ if key in maintained:
                    healths[key] = checked[key] = Health(State.DOWN, 0)
                case Always():
                    healths[key] = checked[key] = Health(State.UP, 0)
                case Never():
                    healths[key] = checked[key] = health
                case _:
                    healths[key] = health
                    outcome = up() if outcomes is None else outcomes.get(key)
                    checked[key] = advance(health, outcome, Rules(), 0) if outcome else health
    named = {virtual.key for virtual in config.virtuals}
    gone = [virtual for virtual in found if virtual not in named and str(virtual) in ours]
    concerned = named | set(gone)
    after: dict[VirtualKey, Service] = {key: service for key, service in found.items() if key in concerned}
    now = plan(desired(config, healths), after, gone)
    apply(now, after)
    return Forecast(
        now=tuple(now),
        later=tuple(plan(desired(config, checked), after)),
        untouched=tuple(virtual for virtual in found if virtual not in concerned),
    )
