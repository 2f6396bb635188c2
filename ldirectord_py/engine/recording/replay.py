"""A recording made to happen again: the same inputs at the same moments, and so the same events."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, assert_never

from ldirectord_py.engine.belief import Belief
from ldirectord_py.engine.inputs import Configured, Input, Moment
from ldirectord_py.engine.recording.items import Given, Item, Prepares, RecordingHeader
from ldirectord_py.engine.recording.state_as_belief import state_of
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.events import Event


class ToldEvent(NamedTuple):
    """An event, and when it was told."""

    event: Event
    at: Moment


class InForce(NamedTuple):
    """A configuration comes in force."""

    path: str
    at: Moment


def replay(items: Iterable[Item]) -> Iterator[RecordingHeader | InForce | ToldEvent]:
    """Yield what the director told while *items* were recorded, and where segments and configurations begin."""
    state = EngineState(Moment(0, 0))
    for item in items:
        match item:
            case RecordingHeader():
                state = EngineState(item.begun)
                yield item
            case Belief():
                state = state_of(item)
            case Given(given, at):
                if isinstance(given, Configured):
                    yield InForce(given.config.path, at)
                yield from (ToldEvent(event, at) for event in _step(state, given, at))
            case _:
                assert_never(item)


def _step(state: EngineState, given: Input | Prepares, at: Moment) -> Sequence[Event]:
    if isinstance(given, Prepares):
        for _ in state.prepare(given.given, at).work():
            pass
        return ()
    return state.step(given, at)[0]
