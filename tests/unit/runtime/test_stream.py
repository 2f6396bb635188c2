"""Who is told of what."""

import asyncio

from ldirectord_py.model.events import Event, Stopping, TableBack
from ldirectord_py.runtime.stream import EventStream


def test_each_observer_hears_what_it_asked_for_in_order_and_once() -> None:
    stream, heard = EventStream(), list[tuple[str, Event]]()

    def one(event: Event) -> None:
        heard.append(("one", event))

    def other(event: Event) -> None:
        heard.append(("other", event))

    stream.subscribe(one)
    stream.subscribe(other, without=[TableBack])
    stream.subscribe(one)
    stream.emit(TableBack())
    stream.emit(Stopping("TERM"))
    assert heard == [("one", TableBack()), ("one", Stopping("TERM")), ("other", Stopping("TERM"))]

    heard.clear()
    stream.unsubscribe(one)
    stream.unsubscribe(one)
    stream.emit(Stopping("TERM"))
    assert heard == [("other", Stopping("TERM"))]
    stream.subscribe(one)
    stream.emit(TableBack())
    assert heard[1:] == [("one", TableBack())]


def test_who_asked_for_one_kind_hears_of_that_alone() -> None:
    stream, heard = EventStream(), list[Event]()
    stream.subscribe_to(Stopping, heard.append)
    for event in (TableBack(), Stopping("TERM"), TableBack()):
        stream.emit(event)
    assert heard == [Stopping("TERM")]


async def test_an_observer_that_fails_costs_neither_the_others_nor_who_emits() -> None:
    stream, heard, reported = EventStream(), list[Event](), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    bug = KeyError("x")

    def fails(_event: Event) -> None:
        raise bug

    stream.subscribe(fails)
    stream.subscribe(heard.append)
    stream.emit(TableBack())

    assert heard == [TableBack()]
    assert reported == [bug]
