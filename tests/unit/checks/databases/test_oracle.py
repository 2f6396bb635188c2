import asyncio
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ldirectord_py.checks.databases.oracle import Oracle
from ldirectord_py.checks.databases.oracle_worker import judged
from ldirectord_py.checks.databases.question import DatabaseQuestion
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down
from tests.peers.databases import ask, check, closes, leaves_nothing, pours, says
from tests.peers.driver_services import services
from tests.peers.listeners import serving
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port

CLOSED = down(Reason.CLOSED, "the server ended the connection before its answer was complete")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    outcome = await check(Oracle, Endpoint(ip_address(address), free_port())).run(services())
    assert outcome == down(Reason.REFUSED, "connection refused")


async def test_a_server_that_hangs_up_is_closed() -> None:
    assert await ask(Oracle, closes) == CLOSED


async def test_cancelled_it_leaves_nothing_behind() -> None:
    assert await leaves_nothing(Oracle)


def packet(kind: int, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(2, "big") + bytes([0, 0, kind, 0, 0, 0]) + body


def refuse(code: int) -> bytes:
    text = b"(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=%d)(ERROR_STACK=(ERROR=(CODE=%d)(EMFI=4))))" % (code, code)
    return packet(4, b"\x22\0" + len(text).to_bytes(2, "big") + text)


ANY = st.binary(min_size=1, max_size=200)


def accept(unit: int) -> bytes:
    """Accept a connection in the protocol's version 318, with a session data unit of *unit* bytes."""
    return packet(2, (318).to_bytes(2, "big") + bytes(22) + unit.to_bytes(4, "big") + bytes(16))


ACCEPT = accept(8192)
PACKETS = st.sampled_from([refuse(12505), ACCEPT]) | st.builds(packet, st.integers(0, 15), ANY)


async def test_a_sid_that_the_listener_does_not_know_is_refused() -> None:
    outcome = await ask(Oracle, says(refuse(12505), first=False))
    assert outcome.reason is Reason.STATUS
    assert 'SID "hole" is not registered with the listener' in outcome.detail


async def test_what_else_the_listener_says_is_told() -> None:
    outcome = await ask(Oracle, says(refuse(12516), first=False))
    assert outcome.reason is Reason.STATUS
    assert "12516" in outcome.detail


async def test_what_is_no_oracle_is_down() -> None:
    assert (await ask(Oracle, says(b"SSH-2.0-x\r\n", first=False))).reason in {Reason.CLOSED, Reason.PROTOCOL}


async def test_a_server_that_breaks_the_library_is_down_and_breaks_nothing_else() -> None:
    outcome = await ask(Oracle, pours(accept(1), first=False))
    # With oracledb 26.1 a signal ends the process; a version that knows better would see the end of the connection.
    assert outcome.reason in {Reason.PROTOCOL, Reason.CLOSED}, outcome


async def test_a_server_that_keeps_the_library_busy_holds_nobody_up() -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with serving(pours(accept(10), first=False)) as endpoint:
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await check(Oracle, endpoint).run(services())
    assert loop.time() - begun < PATIENCE


async def test_the_password_is_in_no_process_list() -> None:
    reached = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()

    async with serving(answer) as endpoint, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(check(Oracle, endpoint).run(services()))
        await reached.wait()
        lists = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        running.cancel()
    assert any(b"oracle_worker" in words for words in lists)
    assert not any(b"rabbit" in words for words in lists)


QUESTION = DatabaseQuestion(
    host="127.0.0.1",
    port=1,
    login="alice",
    passwd="rabbit-hole",
    database="",
    text="select 1",
    receive="",
    cleartext=False,
    seconds=1,
)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (
            "ORA-01017",
            "ORA-01017: no alice, no rabbit-hole\nHelp: x",
            down(Reason.STATUS, "the server said 'ORA-01017: no ***, no ***'"),
        ),
        ("DPY-4011", "x", CLOSED),
        (
            "DPY-5004",
            "DPY-5004: odd",
            down(
                Reason.PROTOCOL, "the server does not speak Oracle's protocol as it should; oracledb: 'DPY-5004: odd'"
            ),
        ),
        (
            "DPY-3010",
            "DPY-3010: too old\nHelp",
            down(Reason.PROTOCOL, "the server wants what this check cannot do; oracledb: 'DPY-3010: too old'"),
        ),
    ],
    ids=["refused", "closed", "unreadable", "too old"],
)
def test_the_verdict_follows_what_the_library_says(code: str, message: str, expected: Outcome) -> None:
    assert judged(code, message, QUESTION) == expected


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ANY | PACKETS, max_size=4))
async def test_no_bytes_crash_it(pieces: list[bytes]) -> None:
    try:
        outcome = await ask(Oracle, pours(*pieces, first=False), patience=2)
    except TimeoutError:  # some bytes keep the library busy for ever: its deadline ends it
        return
    assert outcome.verdict is Verdict.DOWN
    assert len(outcome.detail) <= LONGEST_DETAIL
