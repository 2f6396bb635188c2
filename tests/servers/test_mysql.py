"""Service mysql, asked of MariaDB."""

from collections.abc import Iterator

import pytest

from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up
from tests.peers.options import checking
from tests.peers.ports import free_port
from tests.peers.turns import MOST, held_for
from tests.servers.daemons import LOOPBACKS, at
from tests.servers.mariadb import LOGIN, PASSWORD, mariadb

RETURNED = up("the statement returned or changed a row")
EMPTY = down(Reason.MISMATCH, "the statement returned and changed no row, expected one at least")


@pytest.fixture(scope="module", name="mariadb")
def running() -> Iterator[int]:
    with mariadb() as port:
        yield port


async def ask(port: int, address: str = "127.0.0.1", **words: object) -> Outcome:
    words = {"login": LOGIN, "passwd": PASSWORD, "database": "hole", "request": "/select 1"} | words
    async with checking() as check:
        return await check(at(port, address), service="mysql", **words)


@pytest.mark.parametrize("address", LOOPBACKS)
@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("/select 1", RETURNED),
        ("/select * from rabbits where name = 'white'", RETURNED),
        ("/select * from rabbits where name = 'bünny'", RETURNED),
        ("/select * from rabbits where name like '%n%s'", EMPTY),
        ("/select * from many", RETURNED),
        ("/select 1.50, 0.1e0, now(), date('2024-02-30'), time('25:00'), x'00ff', b'101', null", RETURNED),
        ("/show tables", RETURNED),
        ("/update rabbits set name = name", RETURNED),
        ("/update rabbits set name = name where false", EMPTY),
        ("/insert into rabbits values ('gray')", RETURNED),
        ("/do 1", EMPTY),
    ],
)
async def test_the_verdict_follows_the_rows(mariadb: int, address: str, request_: str, expected: Outcome) -> None:
    assert await ask(mariadb, address, request=request_) == expected


@pytest.mark.parametrize(
    ("request_", "receive", "reason", "said"),
    [
        ("/show status like 'slave_open_temp_tables'", "^Slave_open_temp_tables\\t0$", Reason.OK, "a row matches"),
        ("/show status like 'slave_open_temp_tables'", "\\t[1-9]", Reason.MISMATCH, "the row does not match"),
        ("/select 'wsrep_local_state_comment', 'Synced'", "\\tSynced$", Reason.OK, "a row matches"),
        ("/select 'wsrep_local_state_comment', 'Donor/Desynced'", "\\tSynced$", Reason.MISMATCH, "the row does not"),
        ("/show global variables like 'read_only'", "OFF", Reason.OK, "a row matches"),
        ("/show global variables like 'read_only'", "ON", Reason.MISMATCH, "the row does not match 'ON'"),
        ("/select seq from many order by seq", "^900$", Reason.OK, "a row matches"),
        ("/select seq from many order by seq", "^1001$", Reason.MISMATCH, "the first of 1000 rows does not match"),
        ("/select 'bünny', null, 1.50, x'00ff'", "^bünny\\tNULL\\t1\\.50\\t", Reason.OK, "a row matches"),
        ("/select * from rabbits where false", ".", Reason.MISMATCH, EMPTY.detail),
    ],
)
async def test_receive_is_what_a_row_has_to_match(
    mariadb: int, request_: str, receive: str, reason: Reason, said: str
) -> None:
    outcome = await ask(mariadb, request=request_, receive=receive)
    assert (outcome.reason, outcome.detail[: len(said)]) == (reason, said), outcome


async def test_a_user_without_a_password_is_let_in(mariadb: int) -> None:
    assert await ask(mariadb, login="open", passwd="") == RETURNED
    assert await ask(mariadb, login="open", passwd="", database="", request="/select * from hole.rabbits") == RETURNED


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"passwd": "looking-glass"}, "1045 Access denied for user '***'@"),
        ({"passwd": ""}, "1045 Access denied for user '***'@"),
        ({"login": "nobody"}, "1045 Access denied for user '***'@"),
        ({"database": "wonderland"}, "1044 Access denied for user '***'@"),
        ({"request": "/select * from foxes"}, "1146 Table 'hole.foxes' doesn't exist"),
        ({"request": "/sing a song"}, "1064 You have an error in your SQL syntax"),
    ],
    ids=["wrong password", "no password", "no such user", "no such database", "no such table", "no SQL"],
)
async def test_what_the_server_says_is_told(mariadb: int, words: dict[str, object], said: str) -> None:
    outcome = await ask(mariadb, **words)
    assert outcome.reason is Reason.STATUS
    assert outcome.detail.startswith(f"the server said '{said}")
    assert "rabbit-h" not in outcome.detail


async def test_to_be_let_in_does_not_hold_the_loop(mariadb: int) -> None:
    seconds, callback, outcomes = await held_for(lambda: ask(mariadb, request="/select * from many"))
    assert set(outcomes) == {RETURNED}
    assert seconds <= MOST, callback


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    assert await ask(free_port(), address) == down(Reason.REFUSED, "connection refused")


async def test_a_statement_that_takes_long_is_late(mariadb: int) -> None:
    assert await ask(mariadb, request="/select sleep(3)") == down(Reason.TIMEOUT, "no result within 1 s")
    assert await ask(mariadb) == RETURNED
