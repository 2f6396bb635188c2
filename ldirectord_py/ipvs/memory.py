"""A table in this process, as strict as the kernel's: for the demo, for dry runs and for tests."""

import errno
from collections.abc import Collection, Mapping, Sequence

from ldirectord_py.ipvs.refusals import HIGHEST, adopted, harmless, refusal
from ldirectord_py.ipvs.wire import LONGEST_PERSISTENCE
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.service import Forwarding, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Connections,
    Destination,
    Refusal,
    RemoveDestination,
    RemoveService,
    Service,
    SetDestination,
    SetService,
    Settings,
    TableState,
    Traffic,
)


class MemoryTable:
    """An implementation of `model.table.Table` that holds the table itself.

    `state` shows it and may be assigned, as by a stranger who meddles with the table.
    """

    def __init__(self, state: TableState | None = None) -> None:
        self._settings: dict[VirtualKey, Settings] = {}
        self._destinations: dict[VirtualKey, dict[Endpoint, Destination]] = {}
        self.state = state or {}

    @property
    def state(self) -> TableState:
        """The table as it is now; a picture, which later changes leave alone."""
        return {
            virtual: Service(settings, dict(self._destinations[virtual]))
            for virtual, settings in self._settings.items()
        }

    @state.setter
    def state(self, state: TableState) -> None:
        self._settings = {virtual: service.settings for virtual, service in state.items()}
        self._destinations = {virtual: dict(service.destinations) for virtual, service in state.items()}

    async def read(self, virtuals: Sequence[VirtualKey] | None = None) -> TableState:
        """Return the services named, or all; those that are absent are left out."""
        if virtuals is None:
            return self.state
        wanted = frozenset(virtuals)
        return {
            virtual: Service(settings, dict(self._destinations[virtual]))
            for virtual, settings in self._settings.items()
            if virtual in wanted
        }

    async def traffic(self, virtuals: Sequence[VirtualKey], *, totals: bool = False) -> Mapping[VirtualKey, Traffic]:
        """Return no connections for each real server, and neither rates nor totals: nothing is forwarded here."""
        del totals
        return {
            virtual: Traffic(dict.fromkeys(self._destinations[virtual], Connections(0, 0, 0)))
            for virtual in virtuals
            if virtual in self._destinations
        }

    async def missing_modules(self, settings: Collection[Settings]) -> Mapping[Settings, str]:
        """Return none: this table schedules nothing."""
        del settings
        return {}

    async def apply(self, changes: Sequence[Change]) -> Sequence[Refusal]:
        """Write *changes* in order; adopt what exists already, and be content where what is to go is gone."""
        refusals = []
        for change in changes:
            number = self._write(change)
            if (takeover := adopted(change, number)) is not None:
                number = self._write(takeover)
            if number and not harmless(change, number):
                refusals.append(refusal(change, number))
        return refusals

    def close(self) -> None:
        """Keep everything: there is nothing to let go of."""

    def _write(self, change: Change) -> int:
        """Make *change* as the kernel would, and return its errno; 0: done."""
        match change:
            case AddService(virtual, settings) | SetService(virtual, settings):
                return self._write_service(virtual, settings, new=isinstance(change, AddService))
            case RemoveService(virtual):
                return self._remove_service(virtual)
            case AddDestination(virtual, real, destination) | SetDestination(virtual, real, destination):
                return self._write_destination(virtual, real, destination, new=isinstance(change, AddDestination))
            case RemoveDestination(virtual, real):
                return self._remove_destination(virtual, real)

    def _write_service(self, virtual: VirtualKey, settings: Settings, *, new: bool) -> int:
        if new and virtual in self._settings:
            return errno.EEXIST
        if not new and virtual not in self._settings:
            return errno.ESRCH
        if not _fits(virtual, settings):
            return errno.EINVAL
        self._settings[virtual] = settings
        self._destinations.setdefault(virtual, {})
        return 0

    def _remove_service(self, virtual: VirtualKey) -> int:
        if virtual not in self._settings:
            return errno.ESRCH
        del self._settings[virtual], self._destinations[virtual]
        return 0

    def _write_destination(self, virtual: VirtualKey, real: Endpoint, destination: Destination, *, new: bool) -> int:
        destinations = self._destinations.get(virtual)
        if destinations is None:
            return errno.ESRCH
        if not _same_family(virtual, real) and destination.forwarding is not Forwarding.IPIP:
            return errno.EINVAL
        if not 0 <= destination.weight <= HIGHEST or destination.lower > destination.upper:
            return errno.ERANGE
        if new and real in destinations:
            return errno.EEXIST
        if not new and real not in destinations:
            return errno.ENOENT
        destinations[real] = destination
        return 0

    def _remove_destination(self, virtual: VirtualKey, real: Endpoint) -> int:
        destinations = self._destinations.get(virtual)
        if destinations is None:
            return errno.ESRCH
        return 0 if destinations.pop(real, None) is not None else errno.ENOENT


def _same_family(virtual: VirtualKey, real: Endpoint) -> bool:
    return virtual.family == real.address.version


def _fits(virtual: VirtualKey, settings: Settings) -> bool:
    """Tell whether the netmask is one of the service's family, and the persistence one that the kernel can count."""
    netmask = settings.netmask
    masked = 1 <= netmask <= 128 if isinstance(netmask, int) else True
    return masked and isinstance(netmask, int) is (virtual.family == 6) and settings.persistence <= LONGEST_PERSISTENCE
