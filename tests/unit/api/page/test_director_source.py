import json

from ldirectord_py.api.page.director_source import DirectorSource
from ldirectord_py.api.page.source import Turns
from tests.unit.api.asking import Director
from tests.unit.api.page import documents
from tests.unit.observers import happenings as the

NAME = "10.0.0.5:80@tcp:10.0.0.1:80"


def keys(value: object) -> object:
    return {key: keys(each) for key, each in value.items()} if isinstance(value, dict) else None


async def test_documents_have_what_the_page_is_made_of() -> None:
    source = DirectorSource(Director(), "1.2.3")
    found = [virtual async for virtual in source.virtuals(Turns())]
    assert [virtual["name"] for virtual in found] == ["tcp:10.0.0.1:80", "fwm6:5"]
    assert documents.virtual().keys() <= found[0].keys()
    assert documents.server().keys() <= found[0]["reals"][0].keys()
    assert documents.server()["check"].keys() <= found[0]["reals"][0]["check"].keys()
    assert documents.status().keys() - {"you", "api", "instance", "sysctls"} <= source.status().keys()
    assert await source.virtual("fwm6:5", Turns()) == found[1]
    assert await source.virtual("fwm6:6", Turns()) is None


async def test_what_happened_and_what_checks_found_is_told() -> None:
    director = Director()
    for event in (the.WENT_DOWN, the.CAME_UP):
        director.history.observe(event)
    director.history.exchanges.check_done(the.CHECKED)
    source = DirectorSource(director, "1.2.3")
    told = source.history(NAME)
    assert [check["verdict"] for check in told["checks"]] == ["up"]
    assert {event["name"] for event in told["events"]} >= {"real_down", "real_up"}
    assert source.events(1).events == told["events"][-1:]
    assert source.events(1).last == director.events.last
    assert [event["name"] for event in await source.transitions(0.0, Turns())] == ["real_down", "real_up"]
    assert await source.transitions(9e9, Turns()) == []
    director.history.observe(the.IS_DRAINED)
    assert [event["name"] for event in await source.transitions(9e9, Turns())] == ["admin_changed"]
    assert json.dumps(told)


async def test_nothing_is_known_of_a_server_that_is_not_there() -> None:
    assert DirectorSource(Director(), "1").history("nobody@fwm:1") == {"checks": (), "events": ()}
