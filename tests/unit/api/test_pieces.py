"""The API at its socket: floods, long answers, and the end."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ldirectord_py.api.limits import ClientLimits
from tests.unit.api.asking import Director, ask, request, serving
from tests.unit.observers import happenings as the

MANY = the.virtual(the.WEB, *[the.status(the.REAL)] * 3000)


async def test_idle_connections_make_room_and_whoever_asks_is_answered(tmp_path: Path) -> None:
    async with serving(tmp_path, limits=ClientLimits(connections=4, head_seconds=600)) as path:
        idle = [await asyncio.open_unix_connection(path) for _ in range(20)]
        assert (await ask(path, "/v1/status")).status == 200
        for _, writer in idle:
            writer.close()


async def test_a_long_answer_leaves_the_loop_to_others(tmp_path: Path) -> None:
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        loop.call_soon(turn)

    loop = asyncio.get_running_loop()
    async with serving(tmp_path, Director(the.snapshot(MANY))) as path:
        loop.call_soon(turn)
        answer = await ask(path, "/v1/reals")
    assert len(answer.json["reals"]) == 3000
    assert turns > 90


class Endless(Director):
    """Never gets done with a reload."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def reload(self, *, force: bool, by: str) -> Mapping[str, Any]:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()
        return {}


async def test_what_is_under_way_is_broken_off_at_the_end(tmp_path: Path) -> None:
    director = Endless()
    async with serving(tmp_path, director) as path:
        _, writer = await asyncio.open_unix_connection(path)
        body = b'{"command": "reload"}'
        writer.write(request("/v1/commands", "POST", body, Content_Type="application/json"))
        await director.begun.wait()
    assert director.ended.is_set()
    writer.close()


async def test_a_client_that_was_killed_in_the_middle_disturbs_nobody(tmp_path: Path) -> None:
    async with serving(tmp_path, Director(the.snapshot(MANY))) as path:
        for said in (request("/v1/virtuals"), request("/v1/commands", "POST", b'{"command"')[:-3]):
            reader, writer = await asyncio.open_unix_connection(path, limit=1024)
            writer.write(said)
            if said.startswith(b"GET"):
                await reader.readexactly(100)
            writer.transport.abort()
        assert (await ask(path, "/v1/status")).status == 200
