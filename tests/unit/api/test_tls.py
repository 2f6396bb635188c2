"""TLS on the API's port: who may do what by a certificate, and what clients cannot do to the loop."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest

from ldirectord_py.api.access import Access
from ldirectord_py.api.limits import ClientLimits
from ldirectord_py.api.server import serve
from ldirectord_py.api.tls import LARGEST_HANDSHAKE, PIECE
from ldirectord_py.checks.tls_contexts import listening
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.config import ANY_CLIENT
from tests.peers.certificates import Authority, NamedAuthority, pem
from tests.peers.listeners import LOOPBACK
from tests.peers.patience import PATIENCE
from tests.peers.tls_key_updates import update_keys
from tests.peers.turns import no_collections, watched_turns
from tests.unit.api.asking import COMMAND, Answer, answer_of, ports, request, the_token

SERVERS, CLIENTS, STRANGERS = Authority(), NamedAuthority("clients"), NamedAuthority("clients")
CLIENTS_TOGETHER = 8
OPS = Access(clients=frozenset(("ops",)), tokens=(the_token("ops", "secret"),))


def listener(servers: Authority = SERVERS) -> ssl.SSLContext:
    issued = servers.ca.issue_cert("127.0.0.1")
    return listening(pem("/etc/ssl/lb1.pem", issued.private_key_and_cert_chain_pem.bytes()), None, CLIENTS.pem)


LISTENER = listener()
RECORD = 27
"""Bytes of a record with a change of keys."""


def client(name: str | None = None) -> ssl.SSLContext:
    return CLIENTS.client(SERVERS, name)


@asynccontextmanager
async def serving(
    access: Access = OPS, limits: ClientLimits | None = None, *, contexts: list[ssl.SSLContext | None] | None = None
) -> AsyncIterator[Endpoint]:
    found = contexts or [LISTENER]
    shown = ports(access=lambda: access, tls=lambda: found[-1])
    async with serve(Endpoint(LOOPBACK, 0), shown, limits or ClientLimits()) as where:
        yield where


async def ask(where: Endpoint, said: bytes | str, context: ssl.SSLContext) -> Answer:
    reader, writer = await asyncio.open_connection(str(where.address), where.port, ssl=context)
    try:
        writer.write(said if isinstance(said, bytes) else request(said))
        return answer_of(await reader.read())
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_a_certificate_that_is_listed_may_write() -> None:
    async with serving() as where:
        asked = await ask(where, "/v1/status", client("ops"))
        done = await ask(where, COMMAND, client("ops"))
    assert asked.json["you"] == {"name": "ops", "may_write": True}
    assert (done.status, done.json["notes"]) == (200, ["force False by ops"])


async def test_one_that_is_not_listed_may_read_and_is_told_what_a_command_needs() -> None:
    async with serving() as where:
        asked = await ask(where, "/v1/status", client("eye"))
        refused = await ask(where, COMMAND, client("eye"))
    assert asked.json["you"] == {"name": "eye", "may_write": False}
    assert refused.status == 403
    assert refused.detail == (
        "eye may only read here: a command needs a certificate whose name is in apiclients, "
        "or a token with the right to write (apitokens)"
    )


async def test_all_that_the_authority_has_signed_may_write_where_the_star_says_so() -> None:
    async with serving(Access(clients=frozenset((ANY_CLIENT,)))) as where:
        assert (await ask(where, COMMAND, client("eye"))).json["notes"] == ["force False by eye"]
        assert (await ask(where, COMMAND, client())).status == 403


async def test_without_a_certificate_one_reads_and_a_token_writes() -> None:
    async with serving() as where:
        asked = await ask(where, "/v1/status", client())
        with_token = COMMAND.replace(b"\r\n\r\n", b"\r\nAuthorization: Bearer secret\r\n\r\n", 1)
        done = await ask(where, with_token, client())
    assert asked.json["you"] == {"name": "anyone", "may_write": False}
    assert done.status == 200


@pytest.mark.parametrize(
    "foreign",
    [STRANGERS.client(SERVERS, "ops"), CLIENTS.client(SERVERS, "ops", ends=-1)],
    ids=["of another authority", "expired"],
)
async def test_a_certificate_that_is_not_in_order_is_no_certificate_at_all(foreign: ssl.SSLContext) -> None:
    async with serving() as where:
        with pytest.raises(OSError, match=r"(?i)alert|reset"):
            await ask(where, COMMAND, foreign)


async def test_clear_text_isanswer_ofed_with_what_is_spoken_here() -> None:
    async with serving() as where:
        reader, writer = await asyncio.open_connection(str(where.address), where.port)
        writer.write(request("/v1/status"))
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["detail"] == "TLS is spoken here: ask by https://"


async def test_a_renewed_certificate_is_shown_to_the_next_client() -> None:
    contexts: list[ssl.SSLContext | None] = [LISTENER]
    async with serving(contexts=contexts) as where:
        contexts.append(listener(Authority()))
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(where, "/v1/status", client())
        contexts.append(LISTENER)
        assert (await ask(where, "/v1/status", client())).status == 200


async def test_large_bodies_and_longanswer_ofs_come_whole() -> None:
    body = json.dumps({"command": "reload", "reason": "x" * 40_000}).encode()
    async with serving() as where, aiohttp.ClientSession() as session:
        async with session.get(f"https://{where}/v1/openapi.json", ssl=client()) as answer:
            assert len(await answer.read()) > 30_000
        headers = {"Content-Type": "application/json"}
        async with session.post(
            f"https://{where}/v1/commands", data=body, headers=headers, ssl=client("ops")
        ) as answer:
            assert "reason" in (await answer.json())["detail"]


async def test_events_are_streamed_and_a_client_that_leaves_gives_its_place_back() -> None:
    limits = ClientLimits(streams=1, heartbeat_seconds=0.05)
    said = request("/v1/events", Accept="text/event-stream")
    async with serving(limits=limits) as where:
        for _ in range(3):
            async with asyncio.timeout(PATIENCE):
                while True:
                    reader, writer = await asyncio.open_connection(str(where.address), where.port, ssl=client())
                    writer.write(said)
                    if (await reader.readline()).startswith(b"HTTP/1.1 200 "):
                        break
                    writer.transport.abort()
                await reader.readuntil(b"\n:")
                writer.transport.abort()


async def test_who_does_not_shake_hands_in_time_is_shown_out_and_makes_room() -> None:
    async with serving(limits=ClientLimits(connections=2, head_seconds=3)) as where:
        mute = [socket.create_connection((str(where.address), where.port)) for _ in range(2)]
        assert (await ask(where, "/v1/status", client())).status == 200
        for channel in mute:
            reader, writer = await asyncio.open_connection(sock=channel)
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()


async def test_what_is_larger_than_any_handshake_is_cut_off() -> None:
    async with serving() as where:
        reader, writer = await asyncio.open_connection(str(where.address), where.port)
        writer.write(b"\x16\x03\x01\x40\x00" + bytes(LARGEST_HANDSHAKE * 4))
        with suppress(ConnectionResetError):
            assert (await reader.read())[:1] in {b"", b"\x15"}  # nothing, or an alert
        writer.close()


async def hostile(where: Endpoint) -> None:
    context = client()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    reader, writer = await asyncio.open_connection(str(where.address), where.port)
    try:
        await update_keys(context, 600, reader, writer, end="CLIENT")
    finally:
        writer.transport.abort()


async def together(where: Endpoint) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CLIENTS_TOGETHER):
            tasks.create_task(hostile(where))


async def test_handshakes_and_changes_of_keys_without_end_hold_no_turn() -> None:
    """What one client can do, each can; of thousands of turns the machine may make a few long as well."""
    async with serving(limits=ClientLimits(head_seconds=4)) as where:
        for _ in range(5):
            with no_collections(), watched_turns() as turns:
                await asyncio.to_thread(lambda: asyncio.run(together(where)))
            if len(turns.over) < CLIENTS_TOGETHER / 2:
                break
    assert turns.count > CLIENTS_TOGETHER * 600 * RECORD / PIECE
    assert len(turns.over) < CLIENTS_TOGETHER / 2, turns.over
