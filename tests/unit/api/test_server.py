"""The server, over real HTTP."""

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import ip_address

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ldirectord_py.api.server import FAREWELL_SECONDS, serve
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.observers.metrics import Metrics
from tests.unit.observers import happenings as the

LOOPBACK = Endpoint(ip_address("127.0.0.1"), 0)


class Slices:
    """An exposition that notes when its pieces are made."""

    def __init__(self, *pieces: bytes) -> None:
        self.all = pieces
        self.made = 0

    def pieces(self, accept: str, /) -> tuple[str, Iterator[bytes]]:
        return f"text/plain; accepted={accept}", self._count()

    def _count(self) -> Iterator[bytes]:
        for piece in self.all:
            self.made += 1
            yield piece


def healthy() -> bool:
    return True


async def fetch(url: str, **headers: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, answer.headers["Content-Type"], await answer.text()


async def test_metrics_are_scraped_over_http():
    metrics = Metrics(lambda: the.snapshot(the.virtual(the.WEB, the.status(the.REAL))), "1.2.3")
    metrics.observe(the.CHECKED)

    async with serve(LOOPBACK, metrics=metrics, healthy=healthy) as where:
        status, content_type, text = await fetch(f"http://{where}/metrics")
        _, openmetrics, _ = await fetch(f"http://{where}/metrics", Accept="application/openmetrics-text")

    assert (status, content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert openmetrics == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    ups = [family for family in text_string_to_metric_families(text) if family.name == "ldirectord_real_up"]
    assert [sample.value for sample in ups[0].samples] == [1]


async def test_others_have_their_turn_between_two_pieces():
    slices = Slices(b"", *[b"x"] * 50, b"")
    seen = set()

    async def watch() -> None:
        while slices.made < len(slices.all):
            seen.add(slices.made)
            await asyncio.sleep(0)

    async with serve(LOOPBACK, metrics=slices, healthy=healthy) as where, asyncio.TaskGroup() as tasks:
        tasks.create_task(watch())
        _, _, text = await fetch(f"http://{where}/metrics", Accept="me")

    assert text == "x" * 50
    assert len(seen) > 40


@pytest.mark.parametrize(("health", "status"), [(True, 200), (False, 503)])
async def test_health_is_what_the_director_says(health, status):
    async with serve(LOOPBACK, metrics=Slices(), healthy=lambda: health) as where:
        assert (await fetch(f"http://{where}/-/healthy"))[0] == status


async def test_the_index_names_what_there_is():
    async with serve(LOOPBACK, metrics=Slices(), healthy=healthy) as where:
        status, _, text = await fetch(f"http://{where}/")
        missing, _, _ = await fetch(f"http://{where}/nothing")

    assert status == 200
    assert "/metrics" in text
    assert "/-/healthy" in text
    assert missing == 404


async def test_an_address_in_use_is_told_in_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(DirectorError) as caught:
            async with serve(LOOPBACK.at_port(port), metrics=Slices(), healthy=healthy):
                pass

    assert str(caught.value) == (
        f"cannot listen on 127.0.0.1:{port} for metrics: Address already in use; "
        "choose another address or port, or free this one"
    )


async def test_an_address_that_is_not_ours_is_told_too():
    with pytest.raises(DirectorError, match=r"cannot listen on 192\.0\.2\.1:0 for metrics: Cannot assign"):
        async with serve(Endpoint(ip_address("192.0.2.1"), 0), metrics=Slices(), healthy=healthy):
            pass


async def test_ipv6_is_served_too():
    async with serve(Endpoint(ip_address("::1"), 0), metrics=Slices(b"x"), healthy=healthy) as where:
        assert (await fetch(f"http://{where}/metrics"))[2] == "x"


async def test_a_client_that_does_not_read_does_not_keep_the_server_from_ending():
    slices = Slices(*[b"x" * 65536] * 1000)
    loop = asyncio.get_running_loop()

    async with serve(LOOPBACK, metrics=slices, healthy=healthy) as where:
        reader, writer = await asyncio.open_connection(str(where.address), where.port, limit=1024)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readexactly(100)
        ending = loop.time()
    ended = loop.time()
    writer.transport.abort()

    assert slices.made < len(slices.all)
    assert ended - ending < FAREWELL_SECONDS + 3


async def test_a_client_that_leaves_in_the_middle_disturbs_nobody():
    slices = Slices(*[b"x" * 65536] * 1000)

    async with serve(LOOPBACK, metrics=slices, healthy=healthy) as where:
        reader, writer = await asyncio.open_connection(str(where.address), where.port, limit=1024)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readexactly(100)
        writer.transport.abort()
        assert (await fetch(f"http://{where}/-/healthy"))[0] == 200
