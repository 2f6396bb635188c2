import asyncio
import base64
from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ldirectord_py.checks.databases.pgsql import Pgsql
from ldirectord_py.checks.databases.question import CLEAR
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down
from tests.peers.databases import OF_PYTHON, ask, check, closes, hears, leaves_nothing, pours, says
from tests.peers.driver_services import services
from tests.peers.listeners import serving
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port

CLOSED = down(Reason.CLOSED, "the server ended the connection before its answer was complete")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    outcome = await check(Pgsql, Endpoint(ip_address(address), free_port())).run(services())
    assert outcome == down(Reason.REFUSED, "connection refused")


async def test_a_server_that_hangs_up_is_closed() -> None:
    assert await ask(Pgsql, closes) == CLOSED


async def test_cancelled_it_leaves_nothing_behind() -> None:
    assert await leaves_nothing(Pgsql)


def message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def error(sqlstate: bytes, text: bytes) -> bytes:
    return message(b"E", b"SFATAL\0VFATAL\0C" + sqlstate + b"\0M" + text + b"\0\0")


LET_IN = message(b"R", bytes(4)) + message(b"K", bytes(8)) + message(b"Z", b"I")
VERSION = message(b"S", b"server_version\x0015.1\0") + message(b"S", b"client_encoding\0UTF8\0")
ANY = st.binary(min_size=1, max_size=200)
KINDS = st.sampled_from([bytes([kind]) for kind in b"RSKZEDCTIN123"])
PACKETS = st.sampled_from([b"N", VERSION + LET_IN]) | st.builds(message, KINDS, ANY)
UNREADABLE = "the server does not answer as PostgreSQL does when it is asked for TLS"

CASES: dict[str, tuple[tuple[bytes, ...], Outcome]] = {
    "is another": ((b"SSH-2.0-x\r\n",), down(Reason.PROTOCOL, UNREADABLE)),
    "waits for TLS": ((b"\x15\x03\x01\x00\x02\x02\x46",), down(Reason.PROTOCOL, UNREADABLE)),
    "refuses before TLS": ((error(b"53300", b"too many"),), down(Reason.PROTOCOL, UNREADABLE)),
    "is full": ((b"N", error(b"53300", b"too many")), down(Reason.STATUS, "the server said '53300 too many'")),
    "starts up": ((b"N", error(b"57P03", b"starting")), down(Reason.STATUS, "the server said '57P03 starting'")),
    "hangs up after the login": ((b"N",), CLOSED),
    "refuses the login": (
        (b"N", error(b"28P01", b"no alice with rabbit-hole")),
        down(Reason.STATUS, "the server said '28P01 no *** with ***'"),
    ),
    "hangs up after the statement": ((b"N", VERSION + LET_IN), CLOSED),
    "refuses the statement": (
        (b"N", VERSION + LET_IN, error(b"42601", b"No") + message(b"Z", b"I")),
        down(Reason.STATUS, "the server said '42601 No'"),
    ),
}


@pytest.mark.parametrize(("said", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_dialogue(said: tuple[bytes, ...], expected: Outcome) -> None:
    assert await ask(Pgsql, says(*said, first=False)) == expected


@pytest.mark.parametrize(
    ("number", "name"), [(2, "Kerberos"), (6, "SCM credentials"), (7, "GSSAPI"), (99, "method 99")]
)
async def test_a_way_to_log_in_that_the_library_does_not_know_is_down(number: int, name: str) -> None:
    outcome = await ask(Pgsql, says(b"N", message(b"R", number.to_bytes(4, "big")), first=False))
    assert outcome == down(Reason.PROTOCOL, f"the server wants a login by '{name}', which this check cannot do")


async def test_what_befalls_the_library_is_not_told_in_python_s_words() -> None:
    """The last step of a login comes first."""
    outcome = await ask(Pgsql, says(b"N", message(b"R", (12).to_bytes(4, "big") + b"x"), first=False))
    assert outcome == down(Reason.PROTOCOL, "the server does not speak PostgreSQL as it should")


IN_CLEAR = message(b"R", (3).to_bytes(4, "big"))
NOTICE = message(b"N", b"SNOTICE\0Mread\0\0")


@pytest.mark.parametrize(
    "told",
    [(b"N", IN_CLEAR), (b"N", NOTICE + IN_CLEAR), (b"N", IN_CLEAR[:6], IN_CLEAR[6:])],
    ids=["at once", "behind a notice", "in pieces"],
)
@pytest.mark.parametrize("allowed", [False, True])
async def test_a_password_in_clear_is_given_only_where_that_is_allowed(
    told: tuple[bytes, ...], *, allowed: bool
) -> None:
    heard: list[bytes] = []
    async with serving(hears(heard, *told, first=False)) as endpoint:
        outcome = await replace(check(Pgsql, endpoint), cleartext=allowed).run(services())
    assert (b"rabbit-hole" in b"".join(heard)) is allowed
    assert (outcome == CLEAR) is not allowed


async def test_a_server_that_breaks_the_library_is_down_and_breaks_nothing_else() -> None:
    """With asyncpg 0.31 the first ends the process (SIGSEGV), and the second goes round in it for ever."""
    broken = await ask(Pgsql, says(b"N", b"R\0\0\0\x0d\0\0\0\x0cv=abc", first=False))
    frozen = await ask(Pgsql, says(b"N", bytes(20), first=False), patience=PATIENCE)
    assert {broken.verdict, frozen.verdict} == {Verdict.DOWN}
    assert await ask(Pgsql, closes) == CLOSED


@pytest.mark.parametrize("version", [b"", message(b"S", b"server_version\0what?\0")], ids=["none", "odd"])
async def test_a_server_without_a_version_is_down_and_leaves_nothing_behind(version: bytes) -> None:
    gone = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in (b"N", version + LET_IN):
            await reader.read(65536)
            writer.write(piece)
        while await reader.read(65536):
            pass
        gone.set()

    async with serving(answer) as endpoint, asyncio.timeout(PATIENCE):
        outcome = await check(Pgsql, endpoint).run(services())
        await gone.wait()
    assert outcome.reason is Reason.PROTOCOL


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ANY | PACKETS, max_size=4))
async def test_no_bytes_crash_it(pieces: list[bytes]) -> None:
    outcome = await ask(Pgsql, pours(*pieces, first=False))
    assert outcome.verdict is Verdict.DOWN
    assert len(outcome.detail) <= LONGEST_DETAIL
    assert not OF_PYTHON.search(outcome.detail)


@pytest.mark.parametrize(
    ("rounds", "said"),
    [
        (4096, "the server ended the connection before its answer was complete"),
        (
            2_000_000_000,
            "the server's answer needed too much processor time; nothing but this check was affected",
        ),
    ],
)
async def test_a_password_is_not_hashed_for_ever(rounds: int, said: str) -> None:
    salts = iter(range(1, 9))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in (b"N", message(b"R", (10).to_bytes(4, "big") + b"SCRAM-SHA-256\0\0")):
            await reader.read(65536)
            writer.write(piece)
        nonce = (await reader.read(65536)).rpartition(b"r=")[2]
        salt = base64.b64encode(bytes([next(salts)]) * 16)
        asked = b"r=%bmore,s=%b,i=%d" % (nonce, salt, rounds)
        writer.write(message(b"R", (11).to_bytes(4, "big") + asked))
        await reader.read(65536)
        writer.close()

    outcome = await ask(Pgsql, answer, patience=PATIENCE)
    assert (outcome.verdict, outcome.detail) == (Verdict.DOWN, said)
