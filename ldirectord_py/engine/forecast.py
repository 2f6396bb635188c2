"""What a configuration would change in a table, before it does."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from ldirectord_py.engine.apply import apply
from ldirectord_py.engine.inputs import NO_FILES, Configured, Files, Moment, Observed
from ldirectord_py.engine.plan import plan
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.checks.check_plan import Polled, Repeated
from ldirectord_py.model.checks.outcome import Outcome, up
from ldirectord_py.model.checks.probe import FixedOutcome, Probe
from ldirectord_py.model.commands import NOTHING_COMMANDED, Commands
from ldirectord_py.model.config import Config
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import Change, Service, TableState

_EVER = Moment(0, 0)
"""When it happens plays no part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known besides the table."""

    maintained: Files = field(default_factory=lambda: NO_FILES)
    ours: Collection[str] = ()
    """The virtual services that the daemon keeps, by their names."""
    commanded: Commands = field(default_factory=lambda: NOTHING_COMMANDED)
    """What operators have said, by the names of its targets."""


NOTHING_KNOWN = Circumstances()


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
    known: Circumstances = NOTHING_KNOWN,
) -> Forecast:
    """Return what *config* would change in a table in which there is *found*.

    What checks would find is taken from *outcomes*; where there are none, every server that is out
    is expected to pass.  A failure counts although more of them may be needed in a row.  Of *known*, servers
    in maintenance are out from the beginning, and services that are ours and *config* does not name are removed: so
    does a reload of the daemon that keeps them.
    """
    once = replace(config, virtuals=tuple(replace(virtual, failurecount=1) for virtual in config.virtuals))
    state = EngineState(_EVER)
    state.step(Configured(config=once, found=found, files=known.maintained, commanded=known.commanded), _EVER)
    at_first = _wanted(state)
    for asked, keys in list(state.plans.items()):
        if (outcome := _expected(asked, up() if outcomes is None else outcomes.get(keys[0]))) is not None:
            state.step(Observed(asked, outcome, 0, 0), _EVER)
    named = {virtual.key for virtual in config.virtuals}
    gone = [virtual for virtual in found if virtual not in named and str(virtual) in known.ours]
    concerned = named | set(gone)
    after: dict[VirtualKey, Service] = {key: service for key, service in found.items() if key in concerned}
    now = plan(at_first, after, gone)
    apply(now, after)
    return Forecast(
        now=tuple(now),
        later=tuple(plan(_wanted(state), after)),
        untouched=tuple(virtual for virtual in found if virtual not in concerned),
    )


def _expected(asked: Polled, outcome: Outcome | None) -> Outcome | None:
    """Return what a check comes to: *outcome*, unless nobody is asked."""
    match asked:
        case Repeated(probe=Probe(check=FixedOutcome(outcome=known))):
            return known
        case _:
            return outcome


def _wanted(state: EngineState) -> TableState:
    decisions = {virtual: state.decide(virtual) for virtual in state.virtuals}
    return {virtual: decision.service for virtual, decision in decisions.items() if decision is not None}
