"""The steps of a plan: each change with what it replaces."""

from collections.abc import Iterator
from typing import assert_never

from ldirectord_py.engine.forecast import Forecast
from ldirectord_py.model.config import Config
from ldirectord_py.model.plan_steps import Step, real_of
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Destination,
    RemoveDestination,
    RemoveService,
    SetDestination,
    SetService,
    Settings,
    TableState,
)


def steps_of(config: Config, found: TableState, changes: Forecast) -> Iterator[Step]:
    """Yield the steps that *changes* has from the table *found* to what *config* wants, in order."""
    virtuals = {virtual.key: virtual for virtual in config.virtuals}
    state = _Table(found)
    for at_once, some in ((True, changes.now), (False, changes.later)):
        for change in some:
            virtual = virtuals.get(change.virtual)
            fallback = virtual and virtual.fallback_endpoint
            real = real_of(change)
            servers = len(found[change.virtual].destinations) if isinstance(change, RemoveService) else 0
            yield Step(at_once, change, state.replaced_by(change), real is not None and real == fallback, servers)


class _Table:
    """A table on its way through the changes: what each one replaces."""

    def __init__(self, found: TableState) -> None:
        self._settings: dict[VirtualKey, Settings] = {key: service.settings for key, service in found.items()}
        self._destinations: dict[RealKey, Destination] = {
            RealKey(key, real): destination
            for key, service in found.items()
            for real, destination in service.destinations.items()
        }

    def replaced_by(self, change: Change) -> Settings | Destination | None:
        match change:
            case AddService() | SetService():
                before = self._settings.get(change.virtual)
                self._settings[change.virtual] = change.settings
                return before
            case RemoveService():
                return self._settings.pop(change.virtual)
            case AddDestination() | SetDestination():
                key = RealKey(change.virtual, change.real)
                was = self._destinations.get(key)
                self._destinations[key] = change.destination
                return was
            case RemoveDestination():
                return self._destinations.pop(RealKey(change.virtual, change.real))
            case _:
                assert_never(change)
