"""What changes do to a table, as values: the counterpart of `plan`."""

from collections.abc import Iterable, Mapping
from typing import assert_never

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.service import VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Destination,
    RemoveDestination,
    RemoveService,
    Service,
    SetDestination,
    SetService,
    Settings,
)


def apply(changes: Iterable[Change], state: dict[VirtualKey, Service]) -> None:
    """Carry *changes* out on *state*; raise KeyError where one speaks of what is not there.

    Services are replaced, never altered: who holds one from before goes on seeing it as it was.
    """
    altered: dict[VirtualKey, dict[Endpoint, Destination]] = {}  # each service is copied once, not once a change
    for change in changes:
        match change:
            case AddService():
                altered[change.virtual] = {}
                state[change.virtual] = Service(change.settings, altered[change.virtual])
            case SetService():
                state[change.virtual] = Service(change.settings, state[change.virtual].destinations)
            case RemoveService():
                del state[change.virtual]
                altered.pop(change.virtual, None)
            case AddDestination() | SetDestination():
                _own(change.virtual, state, altered)[change.real] = change.destination
            case RemoveDestination():
                del _own(change.virtual, state, altered)[change.real]
            case _:
                assert_never(change)


def replaced(change: Change, state: Mapping[VirtualKey, Service]) -> Settings | Destination | None:
    """Return what *state* has in place of what *change* sets anew; None where it sets nothing anew, or that is gone."""
    if not isinstance(change, SetService | SetDestination) or (service := state.get(change.virtual)) is None:
        return None
    return service.settings if isinstance(change, SetService) else service.destinations.get(change.real)


def _own(
    virtual: VirtualKey,
    state: dict[VirtualKey, Service],
    altered: dict[VirtualKey, dict[Endpoint, Destination]],
) -> dict[Endpoint, Destination]:
    if virtual not in altered:
        service = state[virtual]
        altered[virtual] = dict(service.destinations)
        state[virtual] = Service(service.settings, altered[virtual])
    return altered[virtual]
