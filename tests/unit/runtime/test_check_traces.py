"""Checks of configured servers that somebody follows."""

import asyncio
from collections.abc import Iterator

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.engine.inputs import Commanded, Configured, Moment
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.checks.outcome import Verdict
from ldirectord_py.model.commands import Maintain
from ldirectord_py.model.errors import AmbiguousTarget, CommandRefused, UnknownTarget
from ldirectord_py.probing.tracing.tracer import Tracer
from ldirectord_py.runtime.check_traces import MOST_SERVERS, CheckTraces
from tests.peers.listeners import serving
from tests.peers.options import VIP

NOW = Moment(0, 0)


@pytest.fixture
async def tracer() -> Iterator[Tracer]:
    made = Tracer()
    yield made
    made.close()


async def repeating(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"you say " + await reader.readline())
    await reader.read()


def state_of(*reals: object, virtuals: int = 1) -> EngineState:
    lines = [f"real={real} masq" for real in reals]
    check = ("service=simpletcp", r'request="a\n"', 'receive="say"', "negotiatetimeout=5")
    text = "".join(
        "\n\t".join((f"virtual=192.0.2.1:{80 + number}", *lines, *check)) + "\n" for number in range(virtuals)
    )
    state = EngineState(NOW)
    state.step(Configured(config=parse(text.encode(), "test.cf")), NOW)
    return state


async def test_the_server_that_is_named_is_checked_as_it_is_configured(tracer: Tracer) -> None:
    async with serving(repeating) as endpoint:
        state = state_of(endpoint, "127.0.0.1:1")
        traces = await CheckTraces(lambda: state, tracer).trace(str(endpoint))
    ((name, trace),) = traces.items()

    assert name == f"{endpoint}@{VIP}"
    assert trace.outcome is not None
    assert trace.outcome.verdict is Verdict.UP
    assert any(step.text == r"you say a\n" for step in trace.steps)


async def test_a_virtual_means_all_of_its_servers(tracer: Tracer) -> None:
    async with serving(repeating) as endpoint:
        state = state_of(endpoint, "127.0.0.1:1")
        traces = await CheckTraces(lambda: state, tracer).trace(str(VIP))

    verdicts = [trace.outcome.verdict for trace in traces.values() if trace.outcome is not None]
    assert verdicts == [Verdict.UP, Verdict.DOWN]


async def test_a_server_in_maintenance_is_asked_and_stays_where_it_is(tracer: Tracer) -> None:
    async with serving(repeating) as endpoint:
        state = state_of(endpoint)
        state.step(Commanded(Maintain(target=VIP, by="me")), NOW)
        before = {key: server.belief(key) for key, server in state.servers.items()}
        (trace,) = (await CheckTraces(lambda: state, tracer).trace(str(endpoint))).values()

    assert trace.outcome is not None
    assert trace.outcome.verdict is Verdict.UP
    assert {key: server.belief(key) for key, server in state.servers.items()} == before


@pytest.mark.parametrize(
    ("name", "error"),
    [("127.0.0.9", UnknownTarget), ("127.0.0.1:1", AmbiguousTarget), ("127.0.0.1", CommandRefused)],
)
async def test_a_name_that_cannot_be_followed_is_told(tracer: Tracer, name: str, error: type[Exception]) -> None:
    state = state_of("127.0.0.1:1", virtuals=MOST_SERVERS + 1)
    with pytest.raises(error):
        await CheckTraces(lambda: state, tracer).trace(name)
