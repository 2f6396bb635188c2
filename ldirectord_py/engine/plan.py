"""The changes that lead from one table to another, and the names of what differed."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import assert_never

from ldirectord_py.model.events import DriftFound, DriftKind
from ldirectord_py.model.service import RealKey, VirtualKey
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
    TableState,
)
from ldirectord_py.model.text.table_words import destination_differences, settings_differences


def plan(wanted: TableState, actual: TableState, gone: Collection[VirtualKey] = ()) -> list[Change]:
    """Return the changes that make *actual* into *wanted*, in the order in which they are to be written.

    Services of *actual* that *wanted* does not name are left alone, unless they are *gone*: ours
    once, and not any more.  Within a service what adds comes first, then what lowers a weight, then
    removals, so that a service with somebody to serve it is never without; a change is a SET, never
    a removal and an addition.
    """
    changes: list[Change] = []
    for virtual, service in wanted.items():
        found = actual.get(virtual)
        if found != service:
            changes.extend(_service(virtual, service, found))
    changes.extend(RemoveService(virtual) for virtual in gone if virtual in actual and virtual not in wanted)
    return changes


def _service(virtual: VirtualKey, wanted: Service, found: Service | None) -> Iterator[Change]:
    if found is None:
        yield AddService(virtual, wanted.settings)
    elif found.settings != wanted.settings:
        yield SetService(virtual, wanted.settings)
    existing = found.destinations if found else {}
    lowered: list[Change] = []
    for real, destination in wanted.destinations.items():
        if (present := existing.get(real)) is None:
            yield AddDestination(virtual, real, destination)
        elif present.weight > destination.weight:
            lowered.append(SetDestination(virtual, real, destination))
        elif present != destination:
            yield SetDestination(virtual, real, destination)
    yield from lowered
    for real in existing:
        if real not in wanted.destinations:
            yield RemoveDestination(virtual, real)


def drift(change: Change, actual: TableState) -> DriftFound:
    """Return what *change*, which repairs a table that somebody else altered, says of *actual*."""
    found = actual.get(change.virtual)
    kind, real, sentence = _difference(change, found)
    return DriftFound(kind, change.virtual, RealKey(change.virtual, real.real) if real else None, sentence)


_DestinationChange = AddDestination | SetDestination | RemoveDestination


def _difference(change: Change, found: Service | None) -> tuple[DriftKind, _DestinationChange | None, str]:
    match change:
        case AddService():
            return DriftKind.MISSING_SERVICE, None, "the virtual service was missing"
        case SetService():
            present = found.settings if found else change.settings
            return DriftKind.SETTINGS, None, f"it had {settings_differences(present, change.settings)}"
        case RemoveService():
            return DriftKind.SETTINGS, None, "the virtual service was there, although no longer configured"
        case AddDestination():
            return DriftKind.MISSING_DESTINATION, change, "the server was missing"
        case RemoveDestination():
            return DriftKind.FOREIGN_DESTINATION, change, "the server was there, although it should not be"
        case SetDestination():
            return _altered(change, found.destinations[change.real] if found else change.destination)
        case _:
            assert_never(change)


def _altered(change: SetDestination, present: Destination) -> tuple[DriftKind, _DestinationChange, str]:
    only_weight = replace(present, weight=change.destination.weight) == change.destination
    sentence = f"it had {destination_differences(present, change.destination)}"
    return DriftKind.WEIGHT if only_weight else DriftKind.DESTINATION, change, sentence
