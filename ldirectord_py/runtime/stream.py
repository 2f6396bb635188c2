"""The one stream of events, and who listens to it."""

import asyncio
from collections.abc import Callable, Collection
from typing import TypeVar, cast

from ldirectord_py.model.events import Event, Observer

KindT = TypeVar("KindT", bound=Event)


class EventStream:
    """Hands each event to the observers that asked for its kind, in the order in which they subscribed."""

    def __init__(self) -> None:
        self._everything: list[Observer] = []
        self._by_kind: dict[type[Event], tuple[Observer, ...]] = {}
        self._wants: dict[Observer, Callable[[type[Event]], bool]] = {}

    def subscribe(self, observer: Observer, *, without: Collection[type[Event]] = ()) -> None:
        """Tell *observer* of everything from now on, but not of the kinds in *without*."""
        self._subscribe(observer, lambda kind: kind not in without)

    def subscribe_to(self, kind: type[KindT], observer: Callable[[KindT], None]) -> None:
        """Tell *observer* of events of this *kind* alone from now on."""
        self._subscribe(cast(Observer, observer), lambda each: each is kind)

    def _subscribe(self, observer: Observer, wants: Callable[[type[Event]], bool]) -> None:
        if observer not in self._wants:
            self._everything.append(observer)
        self._wants[observer] = wants
        self._by_kind.clear()

    def unsubscribe(self, observer: Observer) -> None:
        """Tell *observer* of nothing any more, if it was told."""
        if observer in self._wants:
            self._everything.remove(observer)
            del self._wants[observer]
            self._by_kind.clear()

    def emit(self, event: Event) -> None:
        """Tell of *event*; returns when every observer has been told.  An error of one is the loop's to tell."""
        kind = type(event)
        if (observers := self._by_kind.get(kind)) is None:
            observers = tuple(each for each in self._everything if self._wants[each](kind))
            self._by_kind[kind] = observers
        for observer in observers:
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001  # an observer's bug costs neither others nor what emits
                context = {"message": f"an observer failed on {kind.__name__}", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
