"""A real mail server (aiosmtpd) on loopback, in a thread of its own, that behaves as a test says."""

import asyncio
import socket
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from enum import StrEnum
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.peers.patience import PATIENCE


class Manner(StrEnum):
    """How the server behaves towards whoever brings mail."""

    TAKE = "take"
    REFUSE = "refuse"  # 554 to MAIL FROM
    DEFER = "defer"  # 451 to the mail itself
    HANG = "hang"  # no answer to the mail
    DIE = "die"  # the connection is reset in the midst of the mail
    SHUT = "shut"  # 421 to EHLO


@dataclass(frozen=True)
class Mail:
    sender: str
    recipients: tuple[str, ...]
    text: bytes
    options: tuple[str, ...]
    helo: str

    @property
    def parsed(self) -> EmailMessage:
        message = BytesParser(policy=default).parsebytes(self.text)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def subject(self) -> str:
        return str(self.parsed["subject"])

    @property
    def body(self) -> bytes:
        return self.text.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> str:
        (line,) = [each for each in self.body.decode().splitlines() if each.startswith("Daemon-Status: ")]
        return line.removeprefix("Daemon-Status: ")


@dataclass
class MailServer:
    """Serves while entered."""

    host: str = "127.0.0.1"
    port: int = 0
    listener: socket.socket | None = None
    """A listening socket to serve on, from another network; without one it listens on *host* and *port* itself."""
    manner: Manner = Manner.TAKE
    refused: dict[str, str] = field(default_factory=dict)
    """What the server says to a recipient."""
    mails: list[Mail] = field(default_factory=list)
    sessions: int = 0
    attempts: int = 0
    """Mails begun."""
    brought: int = 0
    """Mails that were brought to their end."""

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(PATIENCE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(PATIENCE)
        self._loop.close()

    @property
    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.mails]

    async def _serve(self) -> None:
        where = {"host": self.host, "port": self.port} if self.listener is None else {"sock": self.listener}
        server = await self._loop.create_server(lambda: SMTP(self, hostname="mail.example.com"), **where)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._end.wait()
        server.close()
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    # What aiosmtpd calls.

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's name for it
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.sessions += 1
        if self.manner is Manner.SHUT:
            return ["421 we are closed"]
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.attempts += 1
        if self.manner is Manner.REFUSE:
            return "554 not from you"
        envelope.mail_from = address
        envelope.mail_options = options
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # the same
        manner = self.manner
        self.brought += 1
        if manner is Manner.DEFER:
            return "451 come back later"
        if manner is Manner.HANG:
            await self._end.wait()
        if manner is Manner.DIE:
            assert server.transport is not None
            server.transport.abort()
            return "250 nobody hears this"
        assert isinstance(envelope.original_content, bytes)
        self.mails.append(
            Mail(
                str(envelope.mail_from),
                tuple(envelope.rcpt_tos),
                envelope.original_content,
                tuple(envelope.mail_options),
                str(session.host_name),
            )
        )
        return "250 OK"
