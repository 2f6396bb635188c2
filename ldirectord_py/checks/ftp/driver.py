"""The FTP check (RFC 959, RFC 2428): a driver, because a file comes over a connection of its own."""

import re
from dataclasses import dataclass, field, replace

from ldirectord_py.checks import driver_network
from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.command_arguments import argument
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.ftp.control_connection import Concluded, Control, connection
from ldirectord_py.checks.matching.offload import objection_to
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.conversation import DriverServices
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up
from ldirectord_py.model.checks.probe import Origin
from ldirectord_py.model.checks.trace import StepKind

MOST_FILE = 256 * 1024
"""Bytes of a file that are fetched."""

_CHUNK = 16 * 1024
_ANONYMOUS = b"anonymous"
_EXTENDED = re.compile(rb"\(([!-~])\1\1(\d{1,5})\1\)")
_PASSIVE = re.compile(rb"\d{1,3},\d{1,3},\d{1,3},\d{1,3},(\d{1,3}),(\d{1,3})")
_LOGGED_IN = up("logged in")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ftp:
    """Logs in and fetches a file, which has to match where there is a pattern."""

    server: Endpoint
    login: bytes = field(default=_ANONYMOUS, repr=False)
    passwd: bytes = field(default=b"", repr=False)
    path: bytes | None = None
    """None: to be let in will do."""
    receive: Receive | None = None
    origin: Origin | None = None
    """The source of both connections; None: what the kernel's routes say."""

    async def run(self, services: DriverServices) -> Outcome:
        """See `Driver.run`."""
        try:
            services.note(StepKind.CONNECT, f"to {self.server} over tcp")
            async with connection(self.server, self.origin) as (reader, writer):
                control = Control(reader, writer, services.note, *self._secrets)
                await self._log_in(control)
                outcome = _LOGGED_IN if self.path is None else await self._fetch(control, self.path, services)
                control.quit()
                return outcome
        except Concluded as end:
            return end.outcome
        except OSError as error:
            return driver_network.outcome_of(error)

    def setting_out_from(self, origin: Origin) -> "Ftp":
        """See `BindingDriver.setting_out_from`."""
        return replace(self, origin=origin)

    @property
    def _secrets(self) -> tuple[bytes, ...]:
        return (self.passwd,) if self.login == _ANONYMOUS else (self.passwd, self.login)

    async def _log_in(self, control: Control) -> None:
        """See RFC 959 §5.4 for the replies: 230 is let in, 331 wants a password."""
        await control.greeting()
        reply = await control.ask(b"USER " + self.login, 230, 331)
        if reply.code == 331:
            await control.ask(b"PASS " + self.passwd, 230, 202)

    async def _fetch(self, control: Control, path: bytes, services: DriverServices) -> Outcome:
        await control.ask(b"TYPE I", 2)
        data = self.server.at_port(await self._data_port(control))
        services.note(StepKind.CONNECT, f"to {data} over tcp, for the file")
        async with connection(data, self.origin, what=f"data connection to port {data.port}: ") as (reader, _):
            command = b"RETR " + path
            begun = await control.ask(command, 1, 2)
            body = bytearray()
            while len(body) <= MOST_FILE and (piece := await reader.read(_CHUNK)):
                services.note(StepKind.RECEIVE, piece)
                body += piece
        cut = len(body) > MOST_FILE
        if begun.code < 200 and not cut:
            await control.await_reply(command, 2)
        return await self._judged(bytes(body[:MOST_FILE]), services, cut=cut)

    async def _data_port(self, control: Control) -> int:
        """Return the port at which the server waits for the data connection.

        The address in the answer to PASV is ignored: the server that is checked is asked, and no other.
        """
        reply = await control.ask(b"EPSV", 229, 5)
        if reply.code == 229:
            extended = _EXTENDED.search(reply.line)
            port = int(extended[2]) if extended else 0
        else:
            reply = await control.ask(b"PASV", 227)
            passive = _PASSIVE.search(reply.line)
            port = int(passive[1]) * 256 + int(passive[2]) if passive else 0
        if not 0 < port < 65536:
            raise Concluded(down(Reason.PROTOCOL, f"expected a port, but got {control.shown(reply.line)}"))
        return port

    async def _judged(self, body: bytes, services: DriverServices, *, cut: bool) -> Outcome:
        if self.receive is not None:
            what = f"the file's first {MOST_FILE // 1024} KiB" if cut else "the file"
            if objection := await objection_to(self.receive, body, services, what=what, redact=self._secrets):
                return down(Reason.TOO_LONG if cut else Reason.MISMATCH, objection)
        return up(f"fetched {len(body)} bytes")


def build_ftp(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of service ftp.

    Without a `request` there is no file to fetch; so without `receive`, too, to be let in will do.
    """
    options, endpoint = configured.options, configured.endpoint
    receive = Receive.of(configured.receive)
    path = argument(configured.request, "request", "FTP")
    check = Ftp(
        server=endpoint,
        login=argument(options.login, "login", "FTP") or _ANONYMOUS,
        passwd=argument(options.passwd, "passwd", "FTP"),
        path=None if path == b"/" and receive is None else path,
        receive=receive,
    )
    file = configured.shown_request(configured.request)
    asked = f"ftp login at {endpoint}" if check.path is None else f"ftp file {file} of {endpoint}"
    return BuiltCheck(check=check, asked=asked)
