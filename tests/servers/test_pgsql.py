"""Service pgsql, asked of PostgreSQL."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from ldirectord_py.model.outcome import Outcome, Reason, down, up
from tests.peers.asking import checking
from tests.servers.daemons import accepts, at, daemon, free_port, room, runs_as

# asyncpg ends the TLS of a connection that the server has refused in the background, for which a test's loop may not
# live long enough; what it leaves then is told at the collection of garbage.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

LOOPBACKS = ["127.0.0.1", "::1"]
USER = "postgres"
LOGIN = "monitor"
PASSWORD = "rabbit-hölé"
RETURNED = up("the statement returned or changed a row")
EMPTY = down(Reason.MISMATCH, "the statement returned and changed no row, expected one at least")

SETUP = f"""
create database hole;
create role {LOGIN} login password '{PASSWORD}';
create role open login;
create role careful login password '{PASSWORD}';
create role plain login password '{PASSWORD}';
\\connect hole
create type colour as enum ('white', 'gray');
create table rabbits (name text, colour colour);
insert into rabbits values ('bünny', 'white');
grant all on rabbits to {LOGIN};
"""
ADMITTED = """
local all all trust
host all open all trust
hostssl all careful all scram-sha-256
hostnossl all plain all scram-sha-256
host all monitor,postgres all scram-sha-256
"""


def program(name: str) -> str:
    """Return where a program of PostgreSQL is, of whichever version there is."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else name


def run(folder: Path, *argv: str, text: str = "") -> None:
    made = subprocess.run(argv, user=runs_as(USER), input=text.encode(), capture_output=True, check=False, cwd=folder)
    if made.returncode:
        pytest.fail(f"{argv[0]}: {(made.stdout + made.stderr).decode()[-4000:]}", pytrace=False)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[int]:
    with room(USER) as folder:
        data = folder / "data"
        run(folder, program("initdb"), "--no-sync", "-E", "UTF8", "--locale=C.UTF-8", "-U", "postgres", "-D", str(data))
        (data / "pg_hba.conf").write_text(ADMITTED)
        certificate = trustme.CA().issue_cert("localhost")
        key = folder / "key.pem"
        certificate.private_key_pem.write_to_path(key)
        certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
        run_as = runs_as(USER)
        for path in (key, folder / "certificate.pem"):
            path.chmod(0o600)
            shutil.chown(path, run_as)
        port = free_port()
        settings = {
            "listen_addresses": ",".join(LOOPBACKS),
            "unix_socket_directories": str(folder),
            "ssl": "on",
            "ssl_cert_file": str(folder / "certificate.pem"),
            "ssl_key_file": str(key),
            "fsync": "off",
            "max_connections": "20",
        }
        argv = [program("postgres"), "-D", str(data), "-p", str(port)]
        argv += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with daemon(argv, ready=accepts(port), output=folder / "output", user=USER, cwd=folder):
            run(folder, "psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(folder), "-p", str(port), "-U", "postgres",
                "-d", "postgres", text=SETUP)  # fmt: skip
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


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    assert await ask(free_port(), address) == down(Reason.REFUSED, "connection refused")


async def test_a_statement_that_takes_long_is_late_and_does_not_go_on(postgresql: int) -> None:
    assert await ask(postgresql, request="/select pg_sleep(30)") == down(Reason.TIMEOUT, "no result within 1 s")
    going_on = "/select 1 from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()"
    async with asyncio.timeout(10):
        while await ask(postgresql, request=going_on) != EMPTY:
            await asyncio.sleep(0.05)
