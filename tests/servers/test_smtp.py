"""Services smtp and submission, asked of Exim."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from ldirectord_py.model.outcome import Reason, Verdict, down, up
from tests.lab.support.waiting import wait_until
from tests.peers.asking import checking
from tests.servers.daemons import PATIENT, accepts, at, daemon, free_port, room

USER = "Debian-exim"
LOOPBACKS = ["127.0.0.1", "::1"]
SERVICES = ["smtp", "submission"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exim:
    """Its ports, each for one way of receiving guests, and its log."""

    open: int
    busy: int
    picky: int
    old: int
    tls: int
    guestbook: int
    log: Path


CONFIGURATION = r"""
primary_hostname = mail.example.org
local_interfaces = <; 127.0.0.1 ; ::1
daemon_smtp_ports = {exim.open} : {exim.busy} : {exim.picky} : {exim.old} : {exim.tls} : {exim.guestbook}
tls_on_connect_ports = {exim.tls}
tls_advertise_hosts = *
tls_certificate = {folder}/certificate.pem
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/pid
smtp_banner = $primary_hostname ESMTP\nready when you are
keep_environment =
log_selector = +smtp_connection +incoming_interface
acl_smtp_connect = greet
acl_smtp_helo = hear
begin acl
greet:
  defer condition = ${{if eq{{$received_port}}{{{exim.busy}}}}}
        message = too busy
  accept
hear:
  deny condition = ${{if eq{{$received_port}}{{{exim.picky}}}}}
       message = not you
  deny condition = ${{if eq{{$received_port}}{{{exim.old}}}}}
       condition = ${{if match{{$smtp_command}}{{^EHLO}}}}
       message = no EHLO here
  accept
"""


@pytest.fixture(scope="module")
def exim() -> Iterator[Exim]:
    with room(USER) as folder:
        ports = {name: free_port() for name in ("open", "busy", "picky", "old", "tls", "guestbook")}
        it = Exim(log=folder / "mainlog", **ports)
        configuration = folder / "exim.conf"
        configuration.write_text(CONFIGURATION.format(exim=it, folder=folder))
        certificate = folder / "certificate.pem"
        trustme.CA().issue_cert("mail.example.org").private_key_and_cert_chain_pem.write_to_path(certificate)
        certificate.chmod(0o644)
        argv = ["/usr/sbin/exim4", "-bdf", "-C", configuration]
        with daemon(argv, ready=accepts(it.tls), output=folder / "output", user=USER):
            yield it


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("address", LOOPBACKS)
async def test_exim_serves(exim: Exim, address: str, service: str) -> None:
    async with checking() as check:
        assert await check(at(exim.open, address), service=service, **PATIENT) == up("greeted, and answered EHLO")


async def test_exim_that_knows_no_ehlo_is_asked_the_old_way(exim: Exim) -> None:
    async with checking() as check:
        assert await check(at(exim.old), service="smtp", **PATIENT) == up("greeted, and answered HELO")


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_exim_is_busy(exim: Exim, address: str) -> None:
    async with checking() as check:
        outcome = await check(at(exim.busy, address), service="smtp", **PATIENT)
    assert outcome == down(Reason.STATUS, "greeted with '451 too busy', expected 2xx")


async def test_exim_does_not_like_us(exim: Exim) -> None:
    async with checking() as check:
        outcome = await check(at(exim.picky), service="smtp", **PATIENT)
    assert outcome == down(Reason.STATUS, "EHLO refused, HELO answered with '550 not you', expected 2xx")


async def test_exim_waits_for_tls(exim: Exim) -> None:
    async with checking() as check:
        outcome = await check(at(exim.tls), service="submission")
    assert outcome == down(Reason.TIMEOUT, "connected, but no answer within 1 s")


async def test_exim_speaks_plainly_where_tls_is_expected(exim: Exim) -> None:
    async with checking() as check:
        outcome = await check(at(exim.open), service="imaps", **PATIENT)
    assert outcome == down(Reason.TLS, "TLS failed: the server does not speak TLS on this port")


async def test_exim_over_tls_is_no_imap_server(exim: Exim) -> None:
    async with checking() as check:
        outcome = await check(at(exim.tls), service="imaps", **PATIENT)
    assert outcome.reason is Reason.PROTOCOL
    assert outcome.detail.startswith("greeted with '220-mail.example.org ESMTP', which is no IMAP greeting")


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(address: str) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), service="smtp", **PATIENT)
    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.REFUSED)


async def test_exim_hears_our_goodbye(exim: Exim) -> None:
    def told() -> list[str]:
        return [line for line in exim.log.read_text().splitlines() if f"I=[127.0.0.1]:{exim.guestbook} " in line]

    async with checking() as check:
        for _ in range(3):
            await check(at(exim.guestbook), service="smtp", **PATIENT)

    wait_until(lambda: len(told()) == 6, telling=exim.log.read_text)  # three came, three went
    assert sum(line.endswith("closed by QUIT") for line in told()) == 3
