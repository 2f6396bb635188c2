"""What is asked and told of the engine by what keeps the table."""

from collections.abc import Callable, Collection

from ldirectord_py.engine.admin.interventions import respects_hand
from ldirectord_py.engine.inputs import Handset, Input, TakenOut
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import AddDestination, Change, RemoveDestination, Service, SetDestination


class WantedTable:
    """Answers out of *state*, which is another one after a start, and hands *step* what is seen in the table.

    See `reconciler.Wanted`.
    """

    def __init__(self, state: Callable[[], EngineState], step: Callable[[Input], None]) -> None:
        self._state = state
        self._step = step

    def virtuals(self) -> Collection[VirtualKey]:
        """See `Wanted.virtuals`."""
        return self._state().virtuals.keys()

    def servers(self, virtual: VirtualKey) -> int:
        """See `Wanted.servers`."""
        configured = self._state().virtuals.get(virtual)
        return len(configured.reals) if configured else 0

    def service(self, virtual: VirtualKey) -> Service | None:
        """See `Wanted.service`."""
        decision = self._state().decide(virtual)
        return decision.service if decision else None

    def is_fallback(self, change: Change) -> bool:
        """See `Wanted.is_fallback`."""
        match change:
            case AddDestination() | SetDestination() | RemoveDestination():
                state, key = self._state(), RealKey(change.virtual, change.real)
                return key not in state.servers and state.fallback_of(change.virtual) == change.real
            case _:
                return False

    def may_stay_out(self, real: RealKey) -> bool:
        """See `Wanted.may_stay_out`."""
        return self._state().may_stay_out(real)

    def taken_out(self, real: RealKey) -> None:
        """See `Wanted.taken_out`."""
        self._step(TakenOut(real))

    def set_by_hand(self, real: RealKey, weight: int) -> bool:
        """See `Wanted.set_by_hand`."""
        state = self._state()
        server = state.servers.get(real)
        if server is None or not respects_hand(state.virtuals[real.virtual], server, weight):
            return False
        self._step(Handset(real, weight))
        return True
