import asyncio
import json
from pathlib import Path
from typing import Any

from ldirectord_py.api.page.live_pieces import MOST_ROWS, LivePieces
from ldirectord_py.api.page.pages import Pages
from ldirectord_py.model.history import Recorded
from tests.unit.api.asking import Director, request, serving
from tests.unit.api.page.documents import Documents, at_once, down, server, virtual
from tests.unit.observers import happenings as the

NAME = "10.0.0.6:80@tcp:10.0.0.1:80"


def event(number: int, real: str | None = "10.0.0.6:80") -> Recorded:
    return Recorded(
        id=number,
        boot="b0",
        time=1.0,
        event="health_changed",
        name="real_down",
        level="warning",
        sentence="It is down",
        virtual="tcp:10.0.0.1:80",
        real=real,
        fields={},
    )


def live() -> LivePieces:
    return LivePieces(Pages(Documents([virtual(reals=[server(), down()])]), "v1"), at_once)


async def told(pieces: LivePieces, *events: Recorded) -> dict[str, Any]:
    (message,) = [piece async for piece in pieces.after(events)]
    kind, data = message.decode().rstrip().split("\n")
    assert kind == "event: pieces"
    found: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return found


async def test_a_row_and_a_line_come_after_the_event() -> None:
    found = await told(live(), event(1), event(2))
    (row,) = found["rows"]
    assert (row["name"], row["status"]) == (NAME, "down")
    assert f'id="r-{NAME}"' in row["html"]
    assert "connection refused" in row["html"].lower()
    assert [line.split('"')[0] for line in found["lines"].split('data-id="')[1:]] == ["2", "1"]
    assert not found["many"]


async def test_a_row_is_made_once_for_all_pages_and_anew_after_the_next_event() -> None:
    pieces = live()
    first = (await told(pieces, event(1)))["rows"]
    assert (await told(pieces, event(1)))["rows"] == first
    assert (await told(pieces, event(2)))["rows"] != first  # it says when it was made


async def test_servers_that_have_gone_and_events_about_none_have_no_row() -> None:
    assert (await told(live(), event(1, "10.9.9.9:80"), event(2, None)))["rows"] == []


async def test_of_very_many_servers_the_page_asks_for_its_list() -> None:
    found = await told(live(), *(event(number, f"10.1.0.{number}:80") for number in range(MOST_ROWS + 1)))
    assert (found["rows"], found["many"]) == ([], True)


async def test_the_stream_has_the_event_first_and_then_its_pieces(tmp_path: Path) -> None:
    director = Director()
    async with serving(tmp_path, director) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(request("/page/events", Accept="text/event-stream"))
        await reader.readuntil(b"retry: 1000\n\n")
        director.history.observe(the.WENT_DOWN)
        text = ""
        while text.count("data: ") < 2:
            text += (await reader.readuntil(b"\n\n")).decode()
        writer.close()
    assert text.index("event: health_changed") < text.index("event: pieces")
    assert "10.0.0.5:80@tcp:10.0.0.1:80" in text
