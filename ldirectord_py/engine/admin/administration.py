"""What operators' commands make of real servers, those included that a later reload adds.

A command about a host or a whole virtual holds for servers that come later too: a host that is being rebooted gets no
clients because a reload has it serve one virtual more.
"""

from collections.abc import Collection, Iterable, Iterator
from operator import attrgetter

from ldirectord_py.model.commands import NOTHING_COMMANDED, AdminState, Command, Commands, Target, target_name
from ldirectord_py.model.service import AddressKey, MarkKey, RealKey


def concerned(target: Target, servers: Collection[RealKey]) -> Iterator[RealKey]:
    """Yield those of *servers* that *target* means: ten thousand are looked through within 3 ms."""
    match target:
        case RealKey():
            yield from (target,) if target in servers else ()
        case AddressKey() | MarkKey():
            yield from (real for real in servers if real.virtual is target or real.virtual == target)
        case _:
            yield from (real for real in servers if real.real.address == target)


class Administration:
    """The admin states in force of each server, and those of hosts and virtuals, which newcomers get."""

    def __init__(self) -> None:
        self.states: dict[RealKey, AdminState] = {}
        """In the order in which they came."""
        self.scopes: dict[str, AdminState] = {}
        """By the names of hosts and virtuals."""
        self.excepted: dict[RealKey, None] = {}
        """Servers for which nothing holds, although something does for their host or their virtual."""
        self.edition = 0
        """Grows with each change, so that whoever has worked something out knows whether it still holds."""

    def restore(self, states: Iterable[tuple[RealKey, AdminState]], scopes: Iterable[tuple[str, AdminState]]) -> None:
        """Be as somebody else was."""
        self.states, self.scopes, self.excepted = dict(states), dict(scopes), {}
        self.edition += 1

    def carry_out(self, command: Command, servers: Collection[RealKey], now: float) -> dict[RealKey, AdminState | None]:
        """Return what *command* changes for each of *servers* that it means; *now* is in seconds since the epoch."""
        state = command.state(now)
        if not isinstance(command.target, RealKey):
            self._set_scope(target_name(command.target), state)
        reals = concerned(command.target, servers)
        return {real: state for real in reals if state is not None or real in self.states}

    def set(self, real: RealKey, state: AdminState | None) -> None:
        """Have *state* be in force for *real*; None: nothing."""
        self.edition += 1
        self.states.pop(real, None)
        self.excepted.pop(real, None)
        if state is not None:
            self.states[real] = state
        elif self.scopes and any(name in self.scopes for name in _scopes_of(real)):
            self.excepted[real] = None

    def for_newcomer(self, real: RealKey, remembered: Commands = NOTHING_COMMANDED) -> AdminState | None:
        """Return what holds for a server that was not there before; *remembered* is what the last director knew."""
        if not remembered and not self.scopes:
            return None
        if (name := target_name(real)) in remembered:
            return remembered[name]
        scopes = [remembered.get(name) or self.scopes.get(name) for name in _scopes_of(real)]
        return max(filter(None, scopes), key=attrgetter("since"), default=None)

    def keep(self, servers: Collection[RealKey], remembered: Commands) -> dict[RealKey, AdminState]:
        """Know that *servers* are all there are now; return what held for those that are gone."""
        gone = {real: state for real, state in self.states.items() if real not in servers}
        for real in gone:
            self.set(real, None)
        if remembered:
            excepted = {name for name, state in remembered.items() if state is None}
            self.excepted |= {real: None for real in servers if excepted and target_name(real) in excepted}
        self.excepted = {real: None for real in self.excepted if real in servers}
        if remembered or self.scopes:
            named = {name for real in servers for name in _scopes_of(real)}
            scopes = {**self.scopes, **remembered}
            self.scopes = {name: state for name, state in scopes.items() if name in named and state is not None}
        return gone

    def ended(self, now: float) -> dict[RealKey, AdminState | None]:
        """Return whose state has ended *now*, in seconds since the epoch, each with what holds instead: None."""
        for name in [name for name, state in self.scopes.items() if _is_over(state, now)]:
            self._set_scope(name, None)
        return {real: None for real, state in self.states.items() if _is_over(state, now)}

    @property
    def commanded(self) -> Commands:
        """What operators have said and is in force, by the names of its targets."""
        excepted = {target_name(real): None for real in self.excepted} if self.scopes else {}
        return {**self.scopes, **{target_name(real): admin for real, admin in self.states.items()}, **excepted}

    @property
    def until(self) -> float | None:
        """When the first state ends, in seconds since the epoch; None: none ends by itself."""
        ends = [state.until for state in (*self.states.values(), *self.scopes.values()) if state.until is not None]
        return min(ends, default=None)

    def _set_scope(self, name: str, state: AdminState | None) -> None:
        self.edition += 1
        self.scopes.pop(name, None)
        if state is not None:
            self.scopes[name] = state


def _scopes_of(real: RealKey) -> tuple[str, str]:
    """Return the names of its host and its virtual."""
    return str(real.real.address), str(real.virtual)


def _is_over(state: AdminState, now: float) -> bool:
    return state.until is not None and state.until <= now
