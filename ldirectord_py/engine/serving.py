"""Who is there for clients, as far as it has been told: whether anybody serves, and whether the fallback stands in."""

from collections.abc import Collection, Iterable, Mapping

from ldirectord_py.engine.servers import ServerState
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.config import Virtual
from ldirectord_py.model.decisions import Decision, Mode
from ldirectord_py.model.events import Event, FallbackChanged, ServingChanged
from ldirectord_py.model.service import RealKey, VirtualKey


class Serving:
    """What has been told of each virtual, so that only news is told."""

    def __init__(self) -> None:
        self.standing_in: set[VirtualKey] = set()
        """The virtuals whose fallback is in the table."""
        self.told: dict[VirtualKey, bool] = {}
        """Whether anybody serves."""
        self.unwritten: set[VirtualKey] = set()
        """The virtuals of which the table has not followed yet: nothing is told of them before."""

    def restore(
        self,
        told: Iterable[tuple[VirtualKey, bool]],
        standing_in: Collection[VirtualKey],
        unwritten: Collection[VirtualKey],
    ) -> None:
        """Be as somebody else was."""
        self.told, self.standing_in, self.unwritten = dict(told), set(standing_in), set(unwritten)

    def keep(self, virtuals: Collection[VirtualKey]) -> None:
        """Forget all but *virtuals*."""
        self.standing_in.intersection_update(virtuals)
        self.unwritten.intersection_update(virtuals)
        self.told = {key: serving for key, serving in self.told.items() if key in virtuals}

    def fallback_news(self, key: VirtualKey, decision: Decision | None, fallback: Endpoint | None) -> list[Event]:
        """Return what is news of the fallback of *key*, which is *fallback*."""
        active = decision is not None and decision.mode is Mode.FALLBACK
        if active == (key in self.standing_in):
            return []
        self.standing_in.symmetric_difference_update({key})
        return [FallbackChanged(key, active, fallback)]

    def news(self, virtual: Virtual, servers: Mapping[RealKey, ServerState], *, awaited: bool) -> list[Event]:
        """Return what is news of who serves *virtual*, but not while some who may are still *awaited*."""
        key = virtual.key
        serving = any(servers[real].serves for real in virtual.keys)
        told = self.told.get(key)
        if serving is told or (awaited and not serving):
            return []
        self.told[key] = serving
        return [ServingChanged(key, serving, virtual.fallback is not None, first=told is None)]
