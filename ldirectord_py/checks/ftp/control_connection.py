"""The control connection of FTP: commands and replies (RFC 959 §4)."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ldirectord_py.checks import driver_network
from ldirectord_py.checks.redaction import redacted
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome, Reason, down
from ldirectord_py.model.checks.probe import Origin
from ldirectord_py.model.checks.trace import StepKind

MOST_REPLY = 16 * 1024
"""Bytes of a reply, all its lines together; some greetings are long."""
MOST_LINES = 500
"""Lines of a reply."""

_CODE = re.compile(rb"([1-5]\d\d)([ -]|\Z)")
_LONG = down(Reason.TOO_LONG, f"a reply of the server did not end within {MOST_REPLY // 1024} KiB")
_MANY = down(Reason.TOO_LONG, f"a reply of the server has more than {MOST_LINES} lines")
_CLOSED = down(Reason.CLOSED, "the server ended the connection before its reply was complete")


class Concluded(Exception):
    """The verdict is known."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.detail)


@dataclass(frozen=True, slots=True)
class FtpReply:
    """A reply: its code, and its last line."""

    code: int
    line: bytes


class ReplyReader(asyncio.StreamReader):
    """Gives all that had come before the server reset the connection."""

    reset: ConnectionError | None = None

    def set_exception(self, exc: Exception) -> None:
        """Take *exc* for the end of the stream, behind what is there to be read."""
        if isinstance(exc, ConnectionError):
            self.reset = exc
            self.feed_eof()
        else:
            super().set_exception(exc)


@asynccontextmanager
async def connection(
    endpoint: Endpoint, origin: Origin | None = None, *, what: str = ""
) -> AsyncIterator[tuple[ReplyReader, asyncio.StreamWriter]]:
    """Connect to *endpoint* from *origin*, and leave nothing behind in the end; raises `Concluded` where it cannot."""
    try:
        connected = await driver_network.connect(endpoint, origin)
        reader = ReplyReader(MOST_REPLY)
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_connection(lambda: asyncio.StreamReaderProtocol(reader), sock=connected)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    except OSError as error:
        raise Concluded(driver_network.outcome_of(error, what=what)) from error
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


class Control:
    """Sends commands and reads their replies; *secrets* are never shown, not even when the server repeats them.

    See `DriverServices.note` for *note*.
    """

    def __init__(
        self,
        reader: ReplyReader,
        writer: asyncio.StreamWriter,
        note: Callable[[StepKind, bytes], None],
        *secrets: bytes,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._note = note
        self._secrets = secrets

    async def greeting(self) -> None:
        """Wait until the server is ready; raises `Concluded` where it will not be."""
        reply = await self._reply()
        if reply.code == 120:  # "ready in nnn minutes", RFC 959 §5.4
            reply = await self._reply()
        self._expect(reply, "greeted", 220)

    async def ask(self, command: bytes, *expected: int) -> FtpReply:
        """Send *command* and return its reply.

        Raises `Concluded` where its code is not *expected*: a code as it is, or a first figure for all that have it.
        """
        self._send(command + b"\r\n")
        return await self.await_reply(command, *expected)

    async def await_reply(self, command: bytes, *expected: int) -> FtpReply:
        """Return the next reply to *command*, which was sent already; raises as `ask` does."""
        reply = await self._reply()
        self._expect(reply, f"{command.partition(b' ')[0].decode()} answered", *expected)
        return reply

    def quit(self) -> None:
        """Say goodbye; nobody waits for the answer."""
        self._send(b"QUIT\r\n")
        self._writer.close()

    def _send(self, line: bytes) -> None:
        self._note(StepKind.SEND, line)
        self._writer.write(line)

    def shown(self, line: bytes) -> str:
        """Return *line* quoted, without secrets."""
        return redacted(line, *self._secrets)

    def _expect(self, reply: FtpReply, did: str, *expected: int) -> None:
        if reply.code not in expected and reply.code // 100 not in expected:
            wanted = " or ".join(str(code) if code > 5 else f"{code}xx" for code in expected)
            raise Concluded(down(Reason.STATUS, f"{did} with {self.shown(reply.line)}, expected {wanted}"))

    async def _reply(self) -> FtpReply:
        """Return the next reply; where it has several lines, the last begins with the first one's code and a blank."""
        line = await self._line()
        size = len(line)
        if (start := _CODE.match(line)) is None:
            raise Concluded(down(Reason.PROTOCOL, f"expected a reply of FTP, but got {self.shown(line)}"))
        if start[2] == b"-":
            for _ in range(MOST_LINES):
                line = await self._line()
                size += len(line) + 1
                if size > MOST_REPLY:
                    raise Concluded(_LONG)
                if line.startswith(start[1] + b" "):
                    break
            else:
                raise Concluded(_MANY)
        return FtpReply(int(start[1]), line)

    async def _line(self) -> bytes:
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise Concluded(_LONG) from None
        except asyncio.IncompleteReadError:
            raise self._reader.reset or Concluded(_CLOSED) from None
        self._note(StepKind.RECEIVE, line)
        return line.rstrip(b"\r\n")
