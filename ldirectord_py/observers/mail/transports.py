"""The ways by which a mail leaves: a mail server, or this machine's own sendmail program."""

import os
import pwd
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from ldirectord_py.observers.mail.message import Alert, Sender, compose
from ldirectord_py.observers.mail.routes import Routes
from ldirectord_py.observers.mail.transport import MailRefused, MailTransport, ServerFailed
from ldirectord_py.system import processes
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.threads import NoThread

T = TypeVar("T")

_TEMPORARY = 75  # EX_TEMPFAIL of <sysexits.h>
_MOST_SHOWN = 160
_ODD = re.compile(r"[^A-Za-z0-9._+-]")
"""What no address is made of, as far as mail servers agree."""


async def open_transport(server: str | None, routes: Routes) -> MailTransport:
    """Return the way to *server*; None: this machine's own.  Raises `ServerFailed`."""
    sender = await _in_thread(_sender)
    if server is None and (program := _first_program(routes.sendmail)):
        return Sendmail(program, sender, routes.port)
    return await _connect(server or "localhost", routes.port, sender)


async def prepare() -> None:
    """Import now what would hold the loop up for some milliseconds when the first mail is sent."""
    with suppress(NoThread):
        await in_thread(_library)


async def _connect(server: str, port: int, sender: Sender) -> MailTransport:
    connect = await _in_thread(_library)
    return await connect(server, port, sender)


async def _in_thread(work: Callable[[], T]) -> T:
    try:
        return await in_thread(work)
    except NoThread as error:
        raise ServerFailed(error.sentence) from error


def _library() -> Callable[[str, int, Sender], Awaitable[MailTransport]]:
    """Return what only those need who send mail, and what takes 15 ms and more to import."""
    from ldirectord_py.observers.mail.smtp import connect  # noqa: PLC0415  # see above

    return connect


def _sender() -> Sender:
    """Look the login name up, which may be a directory server's to know."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    return Sender(_ODD.sub("-", user), _ODD.sub("-", socket.gethostname()))


def _first_program(paths: Sequence[str]) -> str | None:
    return next((path for path in paths if os.access(path, os.X_OK)), None)


class Sendmail:
    """The sendmail program: takes the recipients from the message, so that nothing of it is on a command line.

    Where it fails, the mail server of this machine is asked: in a sandbox such as systemd's a sendmail program cannot
    become the user or group that it has to be.
    """

    def __init__(self, program: str, sender: Sender, port: int) -> None:
        self._program = program
        self._sender = sender
        self._port = port

    async def send(self, alert: Alert, recipients: Sequence[str]) -> Mapping[str, MailRefused]:
        """See `MailTransport`."""
        if (refusal := await self._run(alert)) is None:
            return {}
        try:
            server = await _connect("localhost", self._port, self._sender)
        except ServerFailed:
            return dict.fromkeys(recipients, refusal)
        try:
            refusals = await server.send(alert, recipients)
            await server.leave()
        except ServerFailed:
            return dict.fromkeys(recipients, refusal)
        finally:
            server.drop()
        return refusals

    async def _run(self, alert: Alert) -> MailRefused | None:
        text = compose(alert, self._sender, named=False).replace(b"\r\n", b"\n")
        try:
            ended = await processes.run((self._program, "-i", "-t"), given=text)
        except OSError as error:
            return MailRefused(f"{self._program} cannot be run: {error.strerror}", temporary=True)
        if ended.status == 0:
            return None
        line = ended.first[:_MOST_SHOWN].decode("utf-8", "backslashreplace")
        sentence = f"{self._program}: {ended}{f': {line}' if line else ''}"
        return MailRefused(sentence, temporary=ended.status == _TEMPORARY)

    async def leave(self) -> None:
        """See `MailTransport`."""

    def drop(self) -> None:
        """See `MailTransport`."""
