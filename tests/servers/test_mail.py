"""Mail alerts, taken by Exim: over SMTP, and by its sendmail program."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from ldirectord_py.model.config import Alerting, AlertStatus, Virtual
from ldirectord_py.model.events import Event, MailDone
from ldirectord_py.model.service import AddressKey, Protocol
from ldirectord_py.model.table import Settings
from ldirectord_py.observers.mail.message import Alert
from ldirectord_py.observers.mail.queue import MailQueue
from ldirectord_py.observers.mail.transports import Routes
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port
from tests.servers.daemons import at, daemon, listens, room
from tests.servers.exim import USER

MESSAGE = "Deleted real server: 10.0.0.5:80 (10.0.0.1:80)"
CONFIGURATION = r"""
primary_hostname = mail.example.org
local_interfaces = <; 127.0.0.1 ; ::1
daemon_smtp_ports = {port}
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/pid
keep_environment =
queue_only = true
spool_wireformat = false
acl_smtp_rcpt = who
acl_smtp_data = what
begin acl
who:
  deny local_parts = nobody
       message = no such user
  defer local_parts = grey
        message = come back later
  accept
what:
  require verify = header_syntax
  accept
"""


@dataclass(frozen=True, slots=True)
class Exim:
    """Takes mail at a port and keeps it in its queue."""

    port: int
    folder: Path

    def taken(self) -> list[EmailMessage]:
        """Return what is in the queue, without what Exim has added at the top."""
        found = []
        for body in sorted((self.folder / "spool/input").rglob("*-D")):
            headers = body.with_name(body.name[:-1] + "H").read_bytes()
            # Each header with its length and a letter before it, behind a blank line (Exim's manual, 57).
            _, _, part = headers.partition(b"\n\n")
            text = b""
            while part.strip():
                length, letter, rest = int(part[:3]), part[3:4], part[5:]
                text += rest[:length] if letter != b"*" else b""
                part = rest[length:]
            message = message_from_bytes(text + b"\n" + body.read_bytes().partition(b"\n")[2], policy=default)
            assert isinstance(message, EmailMessage)
            found.append(message)
        return found

    @property
    def log(self) -> str:
        return (self.folder / "mainlog").read_text()


@pytest.fixture
def exim() -> Iterator[Exim]:
    with room(USER) as folder:
        it = Exim(free_port(), folder)
        configuration = folder / "exim.conf"
        configuration.write_text(CONFIGURATION.format(port=it.port, folder=folder))
        argv = ["/usr/sbin/exim4", "-bdf", "-C", configuration]
        with daemon(argv, ready=listens(it.port), output=folder / "output", user=USER):
            yield it


def alert(server: str | None, recipients: str) -> Alert:
    virtual = Virtual(
        key=AddressKey(Protocol.TCP, at(80)),
        settings=Settings(netmask=32),
        alerting=Alerting(recipients=recipients, smtp=server, sender="Läufer <lvs@example.com>"),
        servicename="Läden",
        comment=". Straße" + " und weiter" * 200,
    )
    return Alert(virtual, MESSAGE, AlertStatus.RUNNING, 1_000_000_000)


async def deliver(routes: Routes, mail: Alert) -> dict[tuple[str, ...], str]:
    """Return what became of *mail*, by recipients."""
    events: list[Event] = []
    async with MailQueue(events.append, routes) as post:
        post.put(mail)
        async with asyncio.timeout(PATIENCE):
            while not any(isinstance(event, MailDone) for event in events):
                await asyncio.sleep(0.01)
        await post.finish()
    return {event.recipients: event.failure for event in events if isinstance(event, MailDone)}


def check(message: EmailMessage) -> None:
    assert message["Subject"] == f"[Läden] {MESSAGE}"
    assert message["From"] == "Läufer <lvs@example.com>"
    lines = message.get_content().splitlines()
    assert lines[1] == f"Log-Message: [Läden] {MESSAGE}"
    assert lines[2:5] == ["Daemon-Status: running", "", "Service name: Läden"]
    assert " ".join(lines[5:]).startswith("Comment: . Straße und weiter und weiter")
    assert message["Date"]
    assert message["Message-ID"]


async def test_exim_takes_a_mail_over_smtp_for_whom_it_knows(exim: Exim) -> None:
    done = await deliver(
        Routes(port=exim.port), alert("localhost", "admin@example.com, nobody@example.com, grey@example.com")
    )
    assert done == {
        ("admin@example.com",): "",
        ("nobody@example.com",): "550 no such user",
        ("grey@example.com",): "451 come back later",
    }
    (message,) = exim.taken()
    check(message)
    assert message["To"] == "admin@example.com, nobody@example.com, grey@example.com"
    assert "(localhost.localdomain) [" in exim.log


async def test_exims_sendmail_takes_a_mail(exim: Exim, tmp_path: Path) -> None:
    program = tmp_path / "sendmail"
    program.write_text(f'#!/bin/sh\nexec /usr/sbin/exim4 -C {exim.folder}/exim.conf "$@"\n')
    program.chmod(0o755)
    routes = Routes(port=1, sendmail=(str(program),))
    done = await deliver(routes, alert(None, "admin@example.com, Bob <bob@example.com>"))
    assert done == {("admin@example.com", "bob@example.com"): ""}
    (message,) = exim.taken()
    check(message)
    assert "U=root" in exim.log
