"""The worker's side of a database's check: its loop opens connections as all of our checks do, and keeps time."""

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any

from ldirectord_py.checks import driver_network
from ldirectord_py.checks.databases.question import DatabaseQuestion, Library, told_of
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome, Reason, down
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.workers.child import AnswerQuestion
from ldirectord_py.workers.frames import UNAVAILABLE

GRACE = 0.3
"""Seconds for a goodbye, which some libraries wait for."""

Ask = Callable[[DatabaseQuestion], Awaitable[Outcome]]


class DatabaseLoop(asyncio.SelectorEventLoop):
    """A loop whose connections tell what this machine refuses from what the network says."""

    def __init__(self) -> None:
        super().__init__()
        self._opened: list[asyncio.Transport] = []

    async def create_connection(
        self, protocol_factory: Callable[[], Any], host: str | None = None, port: int | None = None, **more: Any
    ) -> tuple[Any, Any]:
        """Connect to *host*, an address; raises `CheckUnavailable` where this machine is in the way."""
        if host is not None:
            more = {"sock": await driver_network.connect(Endpoint(ip_address(host), port or 0), None)}
        transport, protocol = await super().create_connection(protocol_factory, **more)
        self._opened.append(transport)
        return transport, protocol

    def abort_all(self) -> None:
        """Let go of what a library has left open: some do where a server says nothing sensible."""
        for transport in self._opened:
            transport.abort()
        self._opened.clear()


def answering(ask: Ask, loop: DatabaseLoop, library: Library) -> AnswerQuestion:
    """Return what answers a worker's questions by *ask*, with *library*, in *loop*, each within its time."""
    runner = asyncio.Runner(loop_factory=lambda: loop)

    def answer(told: dict[str, Any], _data: bytes) -> dict[str, Any]:
        try:
            return told_of(runner.run(_within(ask, library, DatabaseQuestion(**told))))
        except CheckUnavailable as error:
            return {UNAVAILABLE: str(error)}
        finally:
            loop.abort_all()
            runner.run(asyncio.sleep(0))  # a transport is closed in the next turn

    return answer


async def _within(ask: Ask, library: Library, question: DatabaseQuestion) -> Outcome:
    deadline = asyncio.timeout(question.seconds)
    try:
        async with deadline:
            return await ask(question)
    except CheckUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a library makes of a server's bytes
        if deadline.expired():
            return down(Reason.TIMEOUT, f"no result within {question.seconds:g} s")
        return driver_network.outcome_of(error) if isinstance(error, OSError) else question.confused(library, error)
