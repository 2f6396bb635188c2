"""Service ftp, asked of vsftpd."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.outcome import Outcome, Reason, down, up
from tests.peers.asking import checking
from tests.peers.listeners import serving
from tests.servers.daemons import accepts, at, daemon, free_port

CONFIGURATION = """
background=NO
listen={v4}
listen_ipv6={v6}
{listen_address}={address}
listen_port={port}
run_as_launching_user=YES
anonymous_enable=YES
secure_email_list_enable=YES
email_password_file={folder}/passwords
anon_root={folder}
connect_from_port_20=NO
delay_failed_login=0
seccomp_sandbox=NO
"""
PASSWORD = "rabbit-hole"
LOOPBACKS = ["127.0.0.1", "::1"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vsftpd")
    (folder / "passwords").write_text(f"{PASSWORD}\n")
    (folder / "status.txt").write_text("all is ready\n")
    (folder / "large").write_bytes(b"x" * 1_000_000)
    return folder


@pytest.fixture(scope="module", params=LOOPBACKS)
def vsftpd(request: pytest.FixtureRequest, files: Path) -> Iterator[Endpoint]:
    """Run a server at one of the loopbacks, which lets in who knows the password."""
    address = request.param
    v6 = ":" in address
    port = free_port()
    text = CONFIGURATION.format(
        v4="NO" if v6 else "YES",
        v6="YES" if v6 else "NO",
        listen_address="listen_address6" if v6 else "listen_address",
        address=address,
        port=port,
        folder=files,
    )
    configuration = files / f"{port}.conf"
    configuration.write_text(text)
    argv = ["/usr/sbin/vsftpd", configuration]
    with daemon(argv, ready=accepts(port, address), output=files / f"{port}.output"):
        yield at(port, address)


async def ask(endpoint: Endpoint, **words: object) -> Outcome:
    async with checking() as check:
        return await check(endpoint, **({"service": "ftp", "login": "anonymous", "passwd": PASSWORD} | words))


async def test_vsftpd_lets_us_in(vsftpd: Endpoint) -> None:
    assert await ask(vsftpd) == up("logged in")


@pytest.mark.parametrize("receive", ["ready", "^all is ready$", ""])
async def test_vsftpd_serves_a_file(vsftpd: Endpoint, files: Path, receive: str) -> None:
    assert await ask(vsftpd, request=f"{files}/status.txt", receive=receive) == up("fetched 13 bytes")


async def test_vsftpd_serves_another_file(vsftpd: Endpoint, files: Path) -> None:
    outcome = await ask(vsftpd, request=f"{files}/status.txt", receive="steady")
    assert outcome == down(Reason.MISMATCH, r"the file does not match 'steady': got 'all is ready\n'")


async def test_vsftpd_has_no_such_file(vsftpd: Endpoint, files: Path) -> None:
    outcome = await ask(vsftpd, request=f"{files}/nothing", receive="")
    assert outcome == down(Reason.STATUS, "RETR answered with '550 Failed to open file.', expected 1xx or 2xx")


async def test_vsftpd_does_not_know_the_password(vsftpd: Endpoint, files: Path) -> None:
    outcome = await ask(vsftpd, passwd="looking-glass", request=f"{files}/status.txt", receive="ready")
    assert outcome == down(Reason.STATUS, "PASS answered with '530 Login incorrect.', expected 230 or 202")


async def test_of_a_long_file_the_beginning_counts(vsftpd: Endpoint, files: Path) -> None:
    assert await ask(vsftpd, request=f"{files}/large", receive="xx") == up("fetched 262144 bytes")
    assert (await ask(vsftpd, request=f"{files}/large", receive="y")).reason is Reason.TOO_LONG


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    assert await ask(at(free_port(), address)) == down(Reason.REFUSED, "connection refused")


async def test_a_server_that_waits_for_tls_is_late() -> None:
    async def answer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    async with serving(answer, context) as endpoint:
        assert await ask(endpoint) == down(Reason.TIMEOUT, "no result within 1 s")
