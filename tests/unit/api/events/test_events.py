"""Events over the API: asked for, and as they happen."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ldirectord_py.api.limits import ClientLimits
from ldirectord_py.model.history import EventQuery
from tests.peers.patience import PATIENCE
from tests.unit.api.asking import Director, ask, request, serving
from tests.unit.observers import happenings as the

STREAM = {"Accept": "text/event-stream"}


def happened(director: Director, times: int = 1) -> None:
    for _ in range(times):
        director.history.observe(the.WENT_DOWN)


@asynccontextmanager
async def following(path: Path, target: str = "/v1/events", **headers: str) -> AsyncIterator[asyncio.StreamReader]:
    """Follow events; what is read begins behind the head and the first line."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(request(target, **(STREAM | headers)))
    await reader.readuntil(b"retry: 1000\n\n")
    try:
        yield reader
    finally:
        writer.close()


async def event(reader: asyncio.StreamReader) -> tuple[list[str], dict[str, Any]]:
    """Return the next event: the lines in front of its data, and these."""
    while True:
        whole = (await reader.readuntil(b"\n\n")).decode()
        lines = [line for line in whole.splitlines() if ": " in line]
        if lines and lines[-1].startswith("data: "):
            return lines[:-1], json.loads(lines[-1].removeprefix("data: "))


async def test_events_are_shown_in_order(tmp_path: Path) -> None:
    director = Director()
    happened(director, 150)
    async with serving(tmp_path, director) as path:
        answer = (await ask(path, "/v1/events")).json
        some = (await ask(path, "/v1/events?after=10&limit=3")).json
        last = (await ask(path, "/v1/events?limit=2")).json
    assert [each["id"] for each in answer["events"]] == list(range(1, 151))
    assert (answer["last"], answer["boot"]) == (150, director.events.boot)
    assert [each["id"] for each in some["events"]] == [11, 12, 13]
    assert [each["id"] for each in last["events"]] == [149, 150]
    assert answer["events"][0]["real"] == "10.0.0.5:80"


async def test_events_are_chosen_by_server_kind_and_time(tmp_path: Path) -> None:
    director = Director()
    happened(director)
    director.history.observe(the.written(the.REMOVE_SERVICE))
    async with serving(tmp_path, director) as path:

        async def ids(query: str) -> list[int]:
            return [each["id"] for each in (await ask(path, f"/v1/events?{query}")).json["events"]]

        assert await ids("real=10.0.0.5:80@tcp:10.0.0.1:80") == [1]
        assert await ids("real=tcp:10.0.0.1:80") == [1, 2]
        assert await ids("kind=health_changed") == [1]
        assert await ids("kind=health_changed,table_changed") == [1, 2]
        assert await ids("since=9e9") == []
        assert (await ask(path, "/v1/events?real=web9")).status == 404


@pytest.mark.parametrize(
    "query",
    ["after=x", "after=-1", "limit=1e3", "limit=10001", "since=nan", "since=x", "after=%C2%B2", "last_event_id=1e3"],
)
async def test_what_cannot_be_meant_is_refused(tmp_path: Path, query: str) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, f"/v1/events?{query}")
    assert answer.status == 400
    assert answer.detail.startswith(query.split("=", maxsplit=1)[0])


async def test_events_are_streamed_as_they_happen(tmp_path: Path) -> None:
    director = Director()
    happened(director)
    async with serving(tmp_path, director) as path, following(path) as reader:
        happened(director)
        lines, told = await event(reader)
    assert lines == ["id: 2", "event: health_changed"]
    assert told == director.events.find(EventQuery(after=1))[0].as_json()
    assert (told["id"], told["boot"]) == (2, director.events.boot)


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/v1/events", {"Last_Event_ID": "3"}),
        ("/v1/events?last_event_id=3", {}),
        ("/v1/events?after=3", {}),
        ("/v1/events?last_event_id=1", {"Last_Event_ID": "3"}),
    ],
)
async def test_a_reader_resumes_where_it_was(tmp_path: Path, target: str, headers: dict[str, str]) -> None:
    director = Director()
    happened(director, 5)
    async with serving(tmp_path, director) as path, following(path, target, **headers) as reader:
        assert [(await event(reader))[1]["id"] for _ in range(2)] == [4, 5]


async def test_a_reader_that_comes_back_too_late_is_told_what_it_has_lost(tmp_path: Path) -> None:
    director = Director()
    happened(director, 10_050)
    async with serving(tmp_path, director) as path, following(path, "/v1/events?after=20") as reader:
        lines, lost = await event(reader)
        _, first = await event(reader)
    assert lines == ["event: events_lost"]
    assert (lost["lost"], lost["level"], first["id"]) == (30, "warning", 51)


async def test_a_stream_says_that_it_lives(tmp_path: Path) -> None:
    limits = ClientLimits(heartbeat_seconds=0.01)
    async with serving(tmp_path, limits=limits) as path, following(path) as reader:
        for _ in range(3):
            assert b": alive\n\n" in await reader.readuntil(b"alive\n\n")


async def test_streams_have_places_of_their_own_and_others_are_answered(tmp_path: Path) -> None:
    limits = ClientLimits(connections=2, streams=2)
    async with serving(tmp_path, limits=limits) as path:
        async with following(path), following(path):
            assert (await ask(path, "/v1/events", **STREAM)).detail.startswith(
                "as many follow the events as there is room"
            )
            assert (await ask(path, "/-/healthy")).status == 200
        async with asyncio.timeout(PATIENCE), following(path):
            pass  # as soon as a reader has left, there is room


async def full(path: Path) -> bool:
    """Return whether there is no room for another stream."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(request("/v1/events", **STREAM))
    status = await reader.readline()
    writer.close()
    return b" 503 " in status


async def test_who_does_not_read_is_cut_off_and_nothing_is_kept_for_it(tmp_path: Path) -> None:
    director = Director()
    limits = ClientLimits(stall_seconds=0.2, streams=1)
    async with serving(tmp_path, director, limits=limits) as path:
        reader, writer = await asyncio.open_unix_connection(path, limit=1024)
        writer.write(request("/v1/events", **STREAM))
        await reader.readuntil(b"retry")
        async with asyncio.timeout(PATIENCE):
            while await full(path):
                happened(director, 500)
                await asyncio.sleep(0.01)
        writer.transport.abort()
