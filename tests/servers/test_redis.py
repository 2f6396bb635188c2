"""Services redis and rediss, asked of Debian's redis-server: a master with users, a replica, and one with TLS."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from ldirectord_py.model.checks.outcome import Reason, Verdict, up
from tests.peers.listeners import serving
from tests.peers.options import checking
from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, PATIENT, at, daemon, listens

WORDS = PATIENT | {"service": "redis", "passwd": "looking-glass"}
PONG = up("PING answered with PONG")


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder: Path = tmp_path_factory.mktemp("redis")
    port = free_port()
    argv = [
        *("redis-server", "--port", str(port), "--bind", *LOOPBACKS, "--save", "", "--dir", folder),
        *("--requirepass", "looking-glass", "--user", "alice", "on", ">rabbit-hole", "+ping"),
    ]
    with daemon(argv, ready=listens(port), output=folder / "output"):
        yield port


@pytest.fixture(scope="module")
def orphan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run a replica whose master is gone, and which does not serve what may be out of date."""
    folder: Path = tmp_path_factory.mktemp("orphan")
    port = free_port()
    argv = [
        *("redis-server", "--port", str(port), "--bind", *LOOPBACKS, "--save", "", "--dir", folder),
        *("--replicaof", "127.0.0.1", str(free_port()), "--replica-serve-stale-data", "no"),
    ]
    with daemon(argv, ready=listens(port), output=folder / "output"):
        yield port


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder: Path = tmp_path_factory.mktemp("rediss")
    certificate = trustme.CA().issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    port = free_port()
    argv = [
        *("redis-server", "--port", "0", "--tls-port", str(port), "--bind", *LOOPBACKS, "--save", "", "--dir", folder),
        *("--tls-cert-file", folder / "server.pem", "--tls-key-file", folder / "server.pem"),
        *("--tls-auth-clients", "no"),
    ]
    with daemon(argv, ready=listens(port), output=folder / "output"):
        yield port


@pytest.mark.parametrize("address", LOOPBACKS)
@pytest.mark.parametrize("words", [{}, {"login": "alice", "passwd": "rabbit-hole"}], ids=["a password", "a user"])
async def test_who_may_come_in_gets_an_answer(master: int, address: str, words: dict[str, object]) -> None:
    async with checking() as check:
        assert await check(at(master, address), **(WORDS | words)) == PONG


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        ({"request": "/ROLE", "receive": "^master"}, r"answered 'master\n0\n'"),
        ({"request": "/INFO replication", "receive": "role:master"}, r"answered '# Replication\r\nrole:master"),
        ({"request": "/SET hole deep"}, "answered 'OK'"),
        ({"request": "/EXISTS no-such-key", "receive": "^0$"}, "answered '0'"),
    ],
)
async def test_a_command_is_answered_as_wanted(master: int, words: dict[str, object], detail: str) -> None:
    async with checking() as check:
        outcome = await check(at(master), **(WORDS | words))
    assert outcome.verdict is Verdict.UP, outcome
    assert outcome.detail.startswith(detail)


@pytest.mark.parametrize(
    ("words", "reason", "detail"),
    [
        ({"passwd": ""}, Reason.STATUS, "NOAUTH: "),
        ({"passwd": "wrong-one"}, Reason.STATUS, "WRONGPASS: "),
        ({"login": "alice"}, Reason.STATUS, "WRONGPASS: "),
        ({"login": "alice", "passwd": "rabbit-hole", "request": "/ROLE"}, Reason.STATUS, "NOPERM: "),
        ({"request": "/NONSENSE"}, Reason.STATUS, "the server said 'ERR unknown command"),
        ({"request": "/ROLE", "receive": "^slave"}, Reason.MISMATCH, "the reply does not match '^slave': got 'master"),
        ({"request": "/SUBSCRIBE x", "receive": "^no"}, Reason.MISMATCH, "the reply does not match"),
    ],
)
async def test_what_is_refused_means_down(master: int, words: dict[str, object], reason: Reason, detail: str) -> None:
    async with checking() as check:
        outcome = await check(at(master), **(WORDS | words))
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, reason)
    assert outcome.detail.startswith(detail), outcome


async def test_a_replica_without_a_master_says_so(orphan: int) -> None:
    async with checking() as check:
        outcome = await check(at(orphan), **(WORDS | {"passwd": "", "request": "/GET x"}))
        role = await check(at(orphan), **(WORDS | {"passwd": "", "request": "/ROLE", "receive": "^master"}))
    assert outcome.detail.startswith("MASTERDOWN: ")
    assert role.detail.startswith("the reply does not match '^master': got 'slave")


async def test_it_is_asked_over_tls(secure: int) -> None:
    words = PATIENT | {"virtualhost": "localhost"}
    async with checking() as check:
        assert await check(at(secure), **(words | {"service": "rediss"})) == PONG
        plain = await check(at(secure), **(words | {"service": "redis"}))
    assert plain.verdict is Verdict.DOWN


async def test_where_nobody_listens_it_is_refused() -> None:
    async with checking() as check:
        assert (await check(at(free_port()), **WORDS)).reason is Reason.REFUSED


async def test_a_server_that_is_no_redis_is_down() -> None:
    async def answer(_reader, writer) -> None:
        writer.write(b"220 smtp.example.org\r\n")

    async with serving(answer) as endpoint, checking() as check:
        outcome = await check(endpoint, **WORDS)
    assert (outcome.reason, outcome.detail) == (
        Reason.PROTOCOL,
        "expected a reply of Redis, but got '220 smtp.example.org'",
    )
