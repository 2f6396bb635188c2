"""Exim, which receives its guests on each of its ports in another way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.peers.ports import free_port
from tests.servers.daemons import daemon, listens, room

USER = "Debian-exim"


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


@contextmanager
def exim() -> Iterator[Exim]:
    """Run Exim as its user; nothing is verified of its certificate, which is its own."""
    with room(USER) as folder:
        ports = {name: free_port() for name in ("open", "busy", "picky", "old", "tls", "guestbook")}
        it = Exim(log=folder / "mainlog", **ports)
        configuration = folder / "exim.conf"
        configuration.write_text(CONFIGURATION.format(exim=it, folder=folder))
        certificate = folder / "certificate.pem"
        trustme.CA().issue_cert("mail.example.org").private_key_and_cert_chain_pem.write_to_path(certificate)
        certificate.chmod(0o644)
        argv = ["/usr/sbin/exim4", "-bdf", "-C", configuration]
        with daemon(argv, ready=listens(*ports.values()), output=folder / "output", user=USER):
            yield it
