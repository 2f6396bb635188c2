"""Servers that are no databases, asked by the checks of databases."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from ldirectord_py.checks.databases.statement import Statement
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome
from tests.peers.driver_services import services
from tests.peers.listeners import Answer, serving
from tests.peers.patience import PATIENCE

OF_PYTHON = re.compile(r"NoneType|has no attribute|out of range|\\'b'|\(\d+, '|invalid literal|module '|Traceback")
"""What no verdict may show of the libraries' innards."""
Says = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PAUSE = 0.01
"""Seconds within which a check that is going to speak has spoken."""


def says(*pieces: bytes, first: bool) -> Answer:
    """Return a server that says *pieces*, each once it has heard something, the *first* one unasked; then it ends."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for index, piece in enumerate(pieces):
            if (index or not first) and not await reader.read(65536):
                return
            writer.write(piece)
            await writer.drain()
        await _end(reader, writer)

    return answer


def pours(*pieces: bytes, first: bool) -> Answer:
    """Return a server that says *pieces*, whether or not it hears anything between them; then it ends."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for index, piece in enumerate(pieces):
            if index or not first:
                with suppress(TimeoutError):
                    async with asyncio.timeout(PAUSE if index else PATIENCE):
                        await reader.read(65536)
            writer.write(piece)
            await writer.drain()
        await _end(reader, writer)

    return answer


def hears(heard: list[bytes], *pieces: bytes, first: bool) -> Answer:
    """Return a server that does as that of `says`, and puts into *heard* what it hears."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for index, piece in enumerate(pieces):
            if index or not first:
                with suppress(TimeoutError):
                    async with asyncio.timeout(PAUSE * 20):
                        heard.append(await reader.read(65536))
            writer.write(piece)
            await writer.drain()
        with suppress(OSError):
            heard.append(await reader.read(65536))
            await _end(reader, writer)

    return answer


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept, and end the connection."""
    await _end(reader, writer)


async def _end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End our side, and wait for the other's."""
    with suppress(OSError):  # it may be gone already
        writer.write_eof()
        await reader.read()


async def ask(kind: type[Statement], answer: Answer, *, patience: float = PATIENCE) -> Outcome:
    """Ask a server that answers with *answer*."""
    async with serving(answer) as endpoint, asyncio.timeout(patience):
        return await check(kind, endpoint).run(services())


def check(kind: type[Statement], server: Endpoint) -> Statement:
    """Return a check of *server*."""
    return kind(server=server, login="alice", passwd="rabbit-hole", database="hole", text="select 1", seconds=30)


async def leaves_nothing(kind: type[Statement]) -> bool:
    """Cancel a check that waits for an answer, and return whether its connection is gone soon."""
    reached, gone = asyncio.Event(), asyncio.Event()

    async def answer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()
        gone.set()

    async with serving(answer) as endpoint, asyncio.timeout(PATIENCE):
        await check(kind, endpoint).ready(services())  # the worker stays
        before = len(list(Path("/proc/self/fd").iterdir()))
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(check(kind, endpoint).run(services()))
            await reached.wait()
            running.cancel()
        await gone.wait()
    return running.cancelled() and len(list(Path("/proc/self/fd").iterdir())) <= before + 1
