"""Service nntp, asked of INN: of `nnrpd`, its half that receives readers, which runs without the other one."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from ldirectord_py.model.checks.outcome import Reason, Verdict, down, up
from tests.peers.options import checking
from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, PATIENT, at, daemon, listens, room, runs_as

USER = "news"
NNRPD = "/usr/lib/news/bin/nnrpd"
NNTP = PATIENT | {"service": "nntp"}
"""Patient, for INN looks up the names of its guests before it greets them, in the DNS if need be."""

CONFIGURATION = """
pathhost: news.example.org
domain: example.org
mta: "/bin/true %s"
mailcmd: /bin/true
hismethod: hisv6
enableoverview: true
ovmethod: tradindexed
pathnews: /usr/lib/news
runasuser: {user}
runasgroup: {user}
pathetc: {folder}
pathdb: {folder}
pathspool: {folder}
patharticles: {folder}
pathincoming: {folder}
pathoverview: {folder}
pathlog: {folder}
pathrun: {folder}
pathtmp: {folder}
tlscertfile: {folder}/certificate
tlskeyfile: {folder}/certificate
"""
FILES = {
    "active": "local.test 0000000000 0000000001 y\n",
    "newsgroups": "",
    "active.times": "",
    "group.index": "",
    "history": "",
    "tradspool.map": "",
    "storage.conf": "method tradspool {\n newsgroups: *\n class: 0\n}\n",
}
READERS = {
    "posters": 'auth all {\n default: "<any>"\n}\naccess all {\n users: *\n newsgroups: *\n}\n',
    "readers": 'auth all {\n default: "<any>"\n}\naccess all {\n users: *\n newsgroups: *\n access: R\n}\n',
    "nobody": 'auth all {\n hosts: 192.0.2.1\n default: "<any>"\n}\naccess all {\n users: *\n newsgroups: *\n}\n',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inn:
    """Its port for each kind of guests, at both loopbacks."""

    posters: int
    readers: int
    nobody: int
    broken: int
    tls: int


pytestmark = pytest.mark.skipif(not Path(NNRPD).exists(), reason="INN is not installed: apt-get install inn2")


@pytest.fixture(scope="module")
def inn() -> Iterator[Inn]:
    with room(USER) as folder, room(USER) as empty, ExitStack() as running:
        for name, text in FILES.items():
            (folder / name).write_text(text)
        ports: dict[str, int] = {}
        for name, text in READERS.items():
            (folder / f"{name}.conf").write_text(text)
            ports[name] = running.enter_context(nnrpd(folder, folder / f"{name}.conf"))
        ports["broken"] = running.enter_context(nnrpd(empty, folder / "posters.conf"))
        trustme.CA().issue_cert("news.example.org").private_key_and_cert_chain_pem.write_to_path(folder / "certificate")
        (folder / "certificate").chmod(0o600)
        shutil.chown(folder / "certificate", runs_as(USER))
        ports["tls"] = running.enter_context(nnrpd(folder, folder / "posters.conf", "-S"))
        yield Inn(**ports)


@contextmanager
def nnrpd(folder: Path, readers: Path, *options: str) -> Iterator[int]:
    """Run one for each loopback, as it takes but one address; with what is in *folder*."""
    (folder / "inn.conf").write_text(CONFIGURATION.format(folder=folder, user=runs_as(USER)))
    port = free_port()
    env = {"INNCONF": str(folder / "inn.conf")}
    with ExitStack() as running:
        for option, address in zip(("-4", "-6"), LOOPBACKS, strict=True):
            argv = [NNRPD, "-D", "-f", "-c", readers, option, address, "-p", str(port), *options]
            ready, output = listens(port, on=[address]), folder / f"{readers.name}{option}"
            running.enter_context(daemon(argv, ready=ready, output=output, user=USER, env=env))
        yield port


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_inn_greets_those_who_may_post(inn: Inn, address: str) -> None:
    async with checking() as check:
        assert await check(at(inn.posters, address), **NNTP) == up("greeted")


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_inn_greets_those_who_may_read(inn: Inn, address: str) -> None:
    async with checking() as check:
        assert await check(at(inn.readers, address), **NNTP) == up("greeted")


async def test_inns_greeting_matches_or_not(inn: Inn) -> None:
    async with checking() as check:
        assert await check(at(inn.posters), receive="InterNetNews", **NNTP) == up("greeted; a line matches")
        assert (await check(at(inn.posters), receive="no posting", **NNTP)).reason is Reason.MISMATCH


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_inn_sends_others_away(inn: Inn, address: str) -> None:
    async with checking() as check:
        outcome = await check(at(inn.nobody, address), **NNTP)
    assert outcome == down(Reason.STATUS, "greeted with '502 You have no permission to talk.  Goodbye!', expected 2xx")


async def test_inn_without_its_spool_is_unavailable(inn: Inn) -> None:
    async with checking() as check:
        outcome = await check(at(inn.broken), **NNTP)
    assert outcome == down(Reason.STATUS, "greeted with '400 NNTP server unavailable.  Try later!', expected 2xx")


async def test_inn_waits_for_tls(inn: Inn) -> None:
    async with checking() as check:
        outcome = await check(at(inn.tls), service="nntp")
    assert outcome == down(Reason.TIMEOUT, "connected, but no answer within 1 s")


async def test_inn_over_tls_is_no_pop_server(inn: Inn) -> None:
    async with checking() as check:
        outcome = await check(at(inn.tls), **(NNTP | {"service": "pops"}))
    assert outcome.reason is Reason.PROTOCOL
    assert outcome.detail.startswith("greeted with '200 news.example.org InterNetNews")


async def test_inn_speaks_plainly_where_tls_is_expected(inn: Inn) -> None:
    async with checking() as check:
        outcome = await check(at(inn.posters), service="imaps", **PATIENT)
    assert outcome == down(Reason.TLS, "TLS failed: the server does not speak TLS on this port")


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), **NNTP)
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.REFUSED)
