"""The server, over real HTTP."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ldirectord_py.api.limits import BACKLOG, ClientLimits
from ldirectord_py.api.ports import Ports
from ldirectord_py.api.server import LIMITS
from ldirectord_py.api.server import serve as serve_ports
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.observers.metrics.metrics import Metrics
from tests.peers.patience import PATIENCE
from tests.unit.observers import happenings as the

LOOPBACK = Endpoint(ip_address("127.0.0.1"), 0)


class Slices:
    """An exposition that notes when its pieces are made."""

    def __init__(self, *pieces: bytes) -> None:
        self.all = pieces
        self.made = 0
        self.prepared = 0

    async def prepare(self) -> None:
        self.prepared += 1

    def pieces(self, accept: str, /) -> tuple[str, Iterator[bytes]]:
        return f"text/plain; accepted={accept}", self._count()

    def _count(self) -> Iterator[bytes]:
        for piece in self.all:
            self.made += 1
            yield piece


def healthy() -> bool:
    return True


def serve(endpoint, *, metrics, healthy, limits=LIMITS):
    """Serve metrics and health alone."""
    ports = Ports(version="1.2.3", purpose="metrics", healthy=healthy, ready=healthy, metrics=lambda: metrics)
    return serve_ports(endpoint, ports, limits)


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
    assert slices.prepared == 1


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

    async with serve(LOOPBACK, metrics=slices, healthy=healthy) as where:
        reader, writer = await asyncio.open_connection(str(where.address), where.port, limit=1024)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readexactly(100)
    # Here the server has ended, and not waited for ever.
    writer.transport.abort()

    assert slices.made < len(slices.all)


async def test_a_client_that_leaves_in_the_middle_disturbs_nobody(caplog):
    slices = Slices(*[b"x" * 65536] * 1000)

    async with serve(LOOPBACK, metrics=slices, healthy=healthy) as where:
        reader, writer = await asyncio.open_connection(str(where.address), where.port, limit=1024)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readexactly(100)
        writer.transport.abort()
        assert (await fetch(f"http://{where}/-/healthy"))[0] == 200

    assert slices.made < len(slices.all)
    assert not caplog.records


async def talk(where: Endpoint, said: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, say something, and leave the rest to the test."""
    reader, writer = await asyncio.open_connection(str(where.address), where.port, limit=1024)
    writer.write(said)
    return reader, writer


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return what still came until the server ended the connection."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await reader.read(-1)
    except ConnectionResetError:
        return b""


DESCRIPTORS = Path("/proc/self/fd")
GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"], ids=["silence", "a bit of a line", "a bit of a head"]
)
async def test_whoever_does_not_ask_in_time_is_shown_out(said):
    async with serve(LOOPBACK, metrics=Slices(), healthy=healthy, limits=ClientLimits(head_seconds=0.2)) as where:
        reader, writer = await talk(where, said)
        assert await ended(reader) == b""
        writer.close()


async def test_a_head_that_comes_drop_by_drop_gains_no_time():
    async with serve(LOOPBACK, metrics=Slices(), healthy=healthy, limits=ClientLimits(head_seconds=0.3)) as where:
        reader, writer = await talk(where, b"GET / HTTP/1.1\r\nX: ")
        end = asyncio.create_task(ended(reader))
        while not end.done():
            writer.write(b"x")
            await asyncio.wait([end], timeout=0.01)
        assert end.result() == b""
        writer.close()


async def test_a_connection_is_for_one_request():
    async with serve(LOOPBACK, metrics=Slices(b"x"), healthy=healthy) as where:
        for path in (b"/", b"/metrics", b"/nothing"):
            reader, writer = await talk(where, GET % path * 3)
            answer = await ended(reader)
            writer.close()

            assert answer.count(b"HTTP/1.1 ") == 1
            assert b"\r\nConnection: close\r\n" in answer


async def test_idle_connections_leave_to_make_room_and_the_oldest_leaves_first():
    limits = ClientLimits(connections=8, head_seconds=600)
    async with serve(LOOPBACK, metrics=Slices(b"x"), healthy=healthy, limits=limits) as where:
        idle = [await talk(where, b"GET / HTTP/1.1\r\n") for _ in range(limits.connections)]
        for number in range(3):
            assert (await fetch(f"http://{where}/-/healthy"))[:2] == (200, "text/plain; charset=utf-8")
            assert await ended(idle[number][0]) == b""
            idle.append(await talk(where, b"GET / HTTP/1.1\r\n"))
        assert not any(reader.at_eof() for reader, _ in idle[3:])

        for reader, writer in idle[3:]:
            writer.write(b"Host: x\r\n\r\n")
            assert (await ended(reader)).startswith(b"HTTP/1.1 200 ")
        for _, writer in idle:
            writer.close()


async def test_connections_above_the_limit_are_ended_at_once_while_all_others_are_being_answered():
    slices = Slices(*[b"x" * 65536] * 200)
    limits = ClientLimits(connections=2, head_seconds=600)
    async with serve(LOOPBACK, metrics=slices, healthy=healthy, limits=limits) as where:
        slow = [await talk(where, GET % b"/metrics") for _ in range(limits.connections)]
        for reader, _ in slow:
            await reader.readexactly(100)
        for _ in range(20):
            assert await refused(where)
        for reader, writer in slow:
            assert (await ended(reader)).endswith(b"\r\n0\r\n\r\n")
            writer.close()
        assert (await fetch(f"http://{where}/-/healthy"))[0] == 200


async def test_connections_that_all_want_metrics_and_do_not_read_leave_room_for_who_asks_for_health():
    slices = Slices(*[b"x" * 65536] * 1000)
    limits = ClientLimits(queue_seconds=600)
    async with serve(LOOPBACK, metrics=slices, healthy=healthy, limits=limits) as where:
        greedy = [await talk(where, GET % b"/metrics") for _ in range(limits.connections)]
        for reader, _ in greedy[: limits.answers]:
            await reader.readexactly(100)
        assert (await fetch(f"http://{where}/-/healthy"))[0] == 200
        for _, writer in greedy:
            writer.transport.abort()


async def test_a_flood_of_silent_connections_takes_few_file_descriptors():
    limits = ClientLimits(head_seconds=600)
    async with serve(LOOPBACK, metrics=Slices(b"x"), healthy=healthy, limits=limits) as where:
        before = len(list(DESCRIPTORS.iterdir()))
        most = 0
        clients = []
        for _ in range(400):
            client = socket.socket()
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.connect((str(where.address), where.port))
            clients.append(client)
            await asyncio.sleep(0)
            most = max(most, len(list(DESCRIPTORS.iterdir())) - before - len(clients))
        for client in clients:
            client.close()
        async with asyncio.timeout(PATIENCE):
            while len(list(DESCRIPTORS.iterdir())) > before:
                await asyncio.sleep(0)

    assert limits.connections <= most <= limits.connections + 4 * BACKLOG


@pytest.mark.parametrize(
    "limits",
    [ClientLimits(connections=1, answer_seconds=2), ClientLimits(connections=1, connection_seconds=2)],
    ids=["scrape", "connection"],
)
async def test_whoever_reads_too_slowly_is_cut_off(limits):
    slices = Slices(*[b"x" * 65536] * 1000)
    async with serve(LOOPBACK, metrics=slices, healthy=healthy, limits=limits) as where:
        reader, writer = await talk(where, GET % b"/metrics")
        await reader.readexactly(100)  # and no more: the reader's limit stops the rest
        async with asyncio.timeout(PATIENCE):
            while await refused(where):
                await asyncio.sleep(0.01)
        writer.transport.abort()

    assert slices.made < len(slices.all)


async def refused(where: Endpoint) -> bool:
    """Return whether there is no room for another connection."""
    reader, writer = await talk(where, GET % b"/-/healthy")
    answer = await ended(reader)
    writer.close()
    return not answer


class Turns(Slices):
    """An exposition that notes in which turn of the loop each piece is made."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__(*pieces)
        self.now = 0
        self.turns: list[int] = []

    def _count(self) -> Iterator[bytes]:
        for piece in super()._count():
            self.turns.append(self.now)
            yield piece

    async def count_turns(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.now += 1


async def test_several_scrapes_together_make_one_piece_in_a_turn():
    pieces = Turns(*[b"x"] * 100)
    async with serve(LOOPBACK, metrics=pieces, healthy=healthy) as where:
        counting = asyncio.create_task(pieces.count_turns())
        bodies = await asyncio.gather(*(fetch(f"http://{where}/metrics") for _ in range(10)))
        counting.cancel()

    assert {text for _, _, text in bodies} == {"x" * 100}
    assert len(pieces.turns) == 1000
    # Two, where the one who counts the turns has had its own before the first piece and after the second.
    assert max(Counter(pieces.turns).values()) <= 2


async def test_a_scrape_that_finds_no_place_in_time_is_told_so_and_the_others_go_on():
    slices = Slices(*[b"x" * 65536] * 200)
    limits = ClientLimits(answers=2, queue_seconds=0.2)
    async with serve(LOOPBACK, metrics=slices, healthy=healthy, limits=limits) as where:
        slow = [await talk(where, GET % b"/metrics") for _ in range(limits.answers)]
        for reader, _ in slow:
            await reader.readexactly(100)

        status, _, text = await fetch(f"http://{where}/metrics")
        assert (status, json.loads(text)["detail"]) == (503, "Too many long answers are under way; try again.")
        assert (await fetch(f"http://{where}/-/healthy"))[0] == 200

        for reader, writer in slow:
            assert (await ended(reader)).endswith(b"\r\n0\r\n\r\n")
            writer.close()
        assert (await fetch(f"http://{where}/metrics"))[0] == 200
