"""How soon a daemon is asked again that hung, or makes no progress, and that the end waits for none."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ldirectord_py.cli.ctl.remote.daemon import Daemon
from ldirectord_py.cli.ctl.remote.feed import Feed, FeedQuestion
from tests.peers.patience import PATIENCE
from tests.unit.cli.ctl.remote.test_daemon import reply

STATUS = {"api": 1, "healthy": True}


class Slow:
    """A daemon whose answers are late by *lateness* seconds at first, and then not any more."""

    def __init__(self, lateness: float, *statuses: Mapping[str, Any]) -> None:
        self.lateness = lateness
        self.statuses = list(statuses)
        self.asked = 0
        """How often its status was asked for."""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        told: Mapping[str, Any] = {"virtuals": []}
        if b"/v1/status" in line:
            self.asked += 1
            told = self.statuses.pop(0) if self.statuses else STATUS
            lateness, self.lateness = self.lateness, 0.0
            await asyncio.sleep(lateness)
        writer.write(reply(dict(told)))
        await writer.drain()
        writer.close()


@pytest.mark.parametrize(
    ("question", "lateness", "first"),
    [
        (FeedQuestion(view="summary", pause=3600, longest=2), 0.5, STATUS),  # within seconds, and not half an hour
        (FeedQuestion(view="summary", pause=3600, healthy=True), 0.1, STATUS | {"healthy": False}),  # and not 6 minutes
    ],
)
async def test_it_is_asked_again_soon(
    tmp_path: Path, question: FeedQuestion, lateness: float, first: Mapping[str, Any]
) -> None:
    daemon = Slow(lateness, first)
    missed: list[str] = []
    shown: list[Mapping[str, Any]] = []
    feed = Feed(lambda: Daemon(tmp_path / "sock"), question)
    async with await asyncio.start_unix_server(daemon.answer, tmp_path / "sock"):
        thread = Thread(target=feed.poll, args=(lambda status, _virtuals: shown.append(status), missed.append))
        thread.start()
        async with asyncio.timeout(PATIENCE):
            while daemon.asked < 2 or not shown:
                await asyncio.sleep(0.01)
        feed.end()
        await asyncio.to_thread(thread.join)
    assert missed == ([] if first["healthy"] else ["the daemon makes no progress with its checks"])


async def test_it_ends_whenever_that_is_wanted(tmp_path: Path) -> None:
    """Here, when the listener was about to follow the events of a daemon that has none to tell."""
    over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"limit=1" in await reader.readline():
            feed.end()
            writer.write(reply({"last": 7}))
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            await over.wait()
        writer.close()

    feed = Feed(lambda: Daemon(tmp_path / "sock"), FeedQuestion(view="summary", pause=1))
    async with await asyncio.start_unix_server(answer, tmp_path / "sock"):
        listening = asyncio.create_task(asyncio.to_thread(feed.listen))
        done, _ = await asyncio.wait([listening], timeout=PATIENCE)
        over.set()
    assert done, "it follows a daemon that nobody asks any more"
