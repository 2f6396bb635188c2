from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ldirectord_py.checks.databases.mysql import Mysql
from ldirectord_py.checks.databases.question import CLEAR
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Outcome, Reason, Verdict, down
from tests.peers.databases import OF_PYTHON, ask, check, closes, hears, leaves_nothing, pours, says
from tests.peers.driver_services import services
from tests.peers.listeners import serving
from tests.peers.ports import free_port

CLOSED = down(Reason.CLOSED, "the server ended the connection before its answer was complete")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    outcome = await check(Mysql, Endpoint(ip_address(address), free_port())).run(services())
    assert outcome == down(Reason.REFUSED, "connection refused")


async def test_a_server_that_hangs_up_is_closed() -> None:
    assert await ask(Mysql, closes) == CLOSED


async def test_cancelled_it_leaves_nothing_behind() -> None:
    assert await leaves_nothing(Mysql)


def packet(number: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number]) + body


# Protocol 10, its version, a thread, the salt in two parts, the usual capabilities, and how to log in.
GREETING = packet(
    0,
    b"\x0a8.0.36\0\x01\0\0\0saltsalt\0\xff\xf7\x2d\x02\0\xff\xdf\x15" + bytes(10) + b"saltsaltsalt\0"
    b"mysql_native_password\0",
)
OK = packet(2, b"\0\0\0\x02\0\0\0")
ANY = st.binary(min_size=1, max_size=200)
PACKETS = st.sampled_from([GREETING, OK]) | st.builds(packet, st.integers(0, 4), ANY)


def error(number: int, code: int, text: bytes) -> bytes:
    return packet(number, b"\xff" + code.to_bytes(2, "little") + b"#HY000" + text)


def miscounted(number: int) -> Outcome:
    said = f"Packet sequence number wrong - got {number} expected 0"
    return down(Reason.PROTOCOL, f"the server does not speak MySQL as it should; aiomysql: '{said}'")


CASES: dict[str, tuple[tuple[bytes, ...], Outcome]] = {
    "is full": (
        (error(0, 1040, b"Too many connections"),),
        down(Reason.STATUS, "the server said '1040 Too many connections'"),
    ),
    "is another": ((b"SSH-2.0-x\r\n",), miscounted(45)),
    "miscounts": ((packet(7, b"x"),), miscounted(7)),
    "hangs up after the login": ((GREETING,), CLOSED),
    "refuses the login": (
        (GREETING, error(2, 1045, b"Access denied for alice and rabbit-hole")),
        down(Reason.STATUS, "the server said '1045 Access denied for *** and ***'"),
    ),
    "hangs up after the statement": ((GREETING, OK), CLOSED),
    "refuses the statement": ((GREETING, OK, error(1, 1064, b"No")), down(Reason.STATUS, "the server said '1064 No'")),
}


@pytest.mark.parametrize(("said", "expected"), CASES.values(), ids=CASES.keys())
async def test_the_verdict_follows_the_dialogue(said: tuple[bytes, ...], expected: Outcome) -> None:
    assert await ask(Mysql, says(*said, first=True)) == expected


@pytest.mark.parametrize("name", ["client_ed25519", "dialog_x", "mysql_old_password"])
async def test_a_way_to_log_in_that_the_library_does_not_know_is_down(name: str) -> None:
    outcome = await ask(Mysql, says(GREETING, packet(2, b"\xfe%b\0salt" % name.encode()), first=True))
    assert outcome == down(Reason.PROTOCOL, f"the server wants a login by '{name}', which this check cannot do")


async def test_what_befalls_the_library_is_not_told_in_python_s_words() -> None:
    """A server without a version makes the library look for a number in nothing."""
    greeting = packet(0, GREETING[4:].replace(b"8.0.36", b"what-is-it"))
    outcome = await ask(Mysql, says(greeting, OK, packet(1, b"\x01"), first=True))
    assert outcome == down(Reason.PROTOCOL, "the server does not speak MySQL as it should")


@pytest.mark.parametrize("told", [(), (OK,)], ids=["instead of the login", "instead of the rows"])
async def test_a_server_that_wants_a_file_of_ours_is_down(told: tuple[bytes, ...]) -> None:
    outcome = await ask(Mysql, says(GREETING, *told, packet(1 if told else 2, b"\xfb/etc/passwd"), first=True))
    assert outcome.verdict is Verdict.DOWN
    if told:
        assert outcome.detail == "the server asks for a file of ours (LOAD DATA LOCAL), and gets none"


GREETING_IN_CLEAR = packet(0, GREETING[4:].replace(b"mysql_native_password", b"mysql_clear_password"))
SWITCH_TO_CLEAR = packet(2, b"\xfemysql_clear_password\0\0")


@pytest.mark.parametrize("told", [(GREETING_IN_CLEAR,), (GREETING, SWITCH_TO_CLEAR)], ids=["at once", "later"])
@pytest.mark.parametrize("allowed", [False, True])
async def test_a_password_in_clear_is_given_only_where_that_is_allowed(
    told: tuple[bytes, ...], *, allowed: bool
) -> None:
    heard: list[bytes] = []
    async with serving(hears(heard, *told, first=True)) as endpoint:
        outcome = await replace(check(Mysql, endpoint), cleartext=allowed).run(services())
    assert (b"rabbit-hole" in b"".join(heard)) is allowed
    assert (outcome == CLEAR) is not allowed


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ANY | PACKETS, max_size=4))
async def test_no_bytes_crash_it(pieces: list[bytes]) -> None:
    outcome = await ask(Mysql, pours(*pieces, first=True))
    assert outcome.verdict is Verdict.DOWN
    assert len(outcome.detail) <= LONGEST_DETAIL
    assert not OF_PYTHON.search(outcome.detail)
