"""Service pgsql, asked of PostgreSQL."""

import asyncio
from collections.abc import Iterator

import pytest

from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up
from tests.peers.options import checking
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port
from tests.peers.turns import MOST, held_for
from tests.servers.daemons import LOOPBACKS, at
from tests.servers.postgresql import LOGIN, PASSWORD, postgresql

# asyncpg ends the TLS of a connection that the server has refused in the background, for which a test's loop may not
# live long enough; what it leaves then is told at the collection of garbage.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

RETURNED = up("the statement returned or changed a row")
EMPTY = down(Reason.MISMATCH, "the statement returned and changed no row, expected one at least")


@pytest.fixture(scope="module", name="postgresql")
def running() -> Iterator[int]:
    with postgresql() as port:
        yield port


async def ask(port: int, address: str = "127.0.0.1", **words: object) -> Outcome:
    words = {"login": LOGIN, "passwd": PASSWORD, "database": "hole", "request": "/select 1"} | words
    async with checking() as check:
        return await check(at(port, address), service="pgsql", **words)


@pytest.mark.parametrize("address", LOOPBACKS)
@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("/select 1", RETURNED),
        ("/select * from rabbits where name = 'bünny'", RETURNED),
        ("/select * from rabbits where name like '%s'", EMPTY),
        ("/select generate_series(1, 100000)", RETURNED),
        ("/select relacl from pg_class limit 1", RETURNED),
        ("/show server_version", RETURNED),
        ("/explain select 1", RETURNED),
        ("/update rabbits set name = name", RETURNED),
        ("/update rabbits set name = name where false", EMPTY),
        ("/select 1; select 1 where false", EMPTY),
        ("/set work_mem = '1MB'", EMPTY),
    ],
)
async def test_the_verdict_follows_the_rows(postgresql: int, address: str, request_: str, expected: Outcome) -> None:
    assert await ask(postgresql, address, request=request_) == expected


@pytest.mark.parametrize(
    ("request_", "receive", "reason", "said"),
    [
        ("/select pg_is_in_recovery()", "^f$", Reason.OK, "a row matches"),
        ("/select pg_is_in_recovery()", "^t$", Reason.MISMATCH, "the row does not match"),
        ("/show default_transaction_read_only", "off", Reason.OK, "a row matches"),
        ("/show default_transaction_read_only", "on", Reason.MISMATCH, "the row does not match 'on'"),
        ("/select generate_series(1, 5000)", "^900$", Reason.OK, "a row matches"),
        ("/select generate_series(1, 5000)", "^1001$", Reason.MISMATCH, "the first of 1000 rows does not match"),
        ("/select 'bünny', null, 1.50, 'gray'::colour", "^bünny\\tNULL\\t1\\.50\\tgray$", Reason.OK, "a row matches"),
        ("/select * from rabbits where false", ".", Reason.MISMATCH, EMPTY.detail),
    ],
)
async def test_receive_is_what_a_row_has_to_match(
    postgresql: int, request_: str, receive: str, reason: Reason, said: str
) -> None:
    outcome = await ask(postgresql, request=request_, receive=receive)
    assert (outcome.reason, outcome.detail[: len(said)]) == (reason, said), outcome


@pytest.mark.parametrize("login", ["careful", "plain"])
async def test_who_may_come_by_tls_or_without_alone_is_let_in(postgresql: int, login: str) -> None:
    assert await ask(postgresql, login=login) == RETURNED


async def test_a_user_without_a_password_is_let_in(postgresql: int) -> None:
    assert await ask(postgresql, login="open", passwd="") == RETURNED


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"passwd": "looking-glass"}, '28P01 password authentication failed for user "***"'),
        ({"passwd": ""}, '28P01 password authentication failed for user "***"'),
        ({"login": "nobody"}, "28000 no pg_hba.conf entry for host"),
        ({"database": "wonderland"}, '3D000 database "wonderland" does not exist'),
        ({"database": ""}, '3D000 database "***" does not exist'),
        ({"request": "/select * from foxes"}, '42P01 relation "foxes" does not exist'),
        ({"request": "/sing a song"}, '42601 syntax error at or near "sing"'),
    ],
    ids=["wrong password", "no password", "no such user", "no such database", "no database", "no such table", "no SQL"],
)
async def test_what_the_server_says_is_told(postgresql: int, words: dict[str, object], said: str) -> None:
    outcome = await ask(postgresql, **words)
    assert outcome.reason is Reason.STATUS
    assert outcome.detail.startswith(f"the server said '{said}")
    assert "rabbit-h" not in outcome.detail


@pytest.mark.parametrize("login", ["careful", "plain", "slow"])
async def test_to_be_let_in_does_not_hold_the_loop(postgresql: int, login: str) -> None:
    seconds, callback, outcomes = await held_for(lambda: ask(postgresql, login=login))
    assert set(outcomes) == {RETURNED}
    assert seconds <= MOST, callback


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    assert await ask(free_port(), address) == down(Reason.REFUSED, "connection refused")


async def test_a_statement_that_takes_long_is_late_and_does_not_go_on(postgresql: int) -> None:
    assert await ask(postgresql, request="/select pg_sleep(30)") == down(Reason.TIMEOUT, "no result within 1 s")
    going_on = "/select 1 from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()"
    async with asyncio.timeout(PATIENCE):
        while await ask(postgresql, request=going_on) != EMPTY:
            await asyncio.sleep(0.05)
