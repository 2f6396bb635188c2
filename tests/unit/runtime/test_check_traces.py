"""Checks of configured servers that somebody follows."""

import asyncio
from ipaddress import ip_address

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.outcome import Verdict
from ldirectord_py.model.service import RealKey
from ldirectord_py.probing.tracing.tracer import Tracer
from ldirectord_py.runtime.check_traces import CheckTraces
from tests.peers.listeners import serving
from tests.peers.options import VIP


async def repeating(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"you say " + await reader.readline())
    await reader.read()


def config_of(real: object) -> Config:
    lines = ("virtual=192.0.2.1:80", f"real={real} masq", "service=simpletcp", 'request="a\\n"', 'receive="say"')
    return parse(f"{lines[0]}\n\t{lines[1]}\n\t".encode() + "\n\t".join(lines[2:]).encode() + b"\n", "test.cf")


async def test_the_server_that_is_named_is_checked_as_it_is_configured() -> None:
    tracer = Tracer()
    async with serving(repeating) as endpoint:
        config = config_of(endpoint)
        trace = await CheckTraces(lambda: config, tracer).trace(RealKey(VIP, endpoint))
    tracer.close()

    assert trace.outcome is not None
    assert trace.outcome.verdict is Verdict.UP
    assert any(step.text == r"you say a\n" for step in trace.steps)


async def test_a_server_that_a_reload_has_removed_is_told() -> None:
    config = config_of("127.0.0.1:80")
    tracer = Tracer()
    gone = RealKey(VIP, Endpoint(ip_address("127.0.0.2"), 80))
    with pytest.raises(DirectorError, match=r"127\.0\.0\.2:80 .* is not configured any more"):
        await CheckTraces(lambda: config, tracer).trace(gone)
    tracer.close()
