"""Checks by a program of the operator's."""

import asyncio
import errno
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from ldirectord_py.checks.misasked import Misasked
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.address import Endpoint, bracketed
from ldirectord_py.model.asking import Asking, Subject
from ldirectord_py.model.checking import Probe
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.outcome import Outcome, Reason, down, up
from ldirectord_py.model.service import MarkKey

GRACE = 0.5
"""Seconds between SIGTERM and SIGKILL for a program that overruns."""
_MOST_OUTPUT = 4096
"""Bytes kept of what a program writes, the last ones."""
_MOST_SHOWN = 160
_PIPE = 64 * 1024
"""As much as a pipe holds (pipe(7)), so that one read empties it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """Runs a program and goes by its exit status: 0 is up, everything else down, an end by a signal too.

    A program that cannot be started says nothing about the server, so that is our own fault.  (The original
    takes it for down.)
    """

    argv: tuple[str, ...]
    script: str | None = None
    """What an interpreter in *argv* needs to find."""

    async def run(self) -> Outcome:
        """See `Driver.run`."""
        if self.script is not None and not _readable(self.script):
            raise CheckUnavailable(
                f"cannot read the script {_named(self.script)}: put it there, or correct checkcommand"
            )
        with closing(_output()) as output:
            program = await self._start(output.writer)
            output.begin()
            try:
                status = await program.wait()
            except asyncio.CancelledError:
                await program.end()
                raise
            return _judged(status, output.last_line())

    async def _start(self, writer: int) -> "_Program":
        argv = [argument.encode("utf-8", "surrogateescape") for argument in self.argv]
        try:
            try:
                return await _spawn(argv, writer)
            except OSError as error:
                if error.errno != errno.ENOEXEC:
                    raise
                # A script without `#!` is the shell's, as execvp(3) has it.
                return await _spawn([b"/bin/sh", shutil.which(argv[0]) or argv[0], *argv[1:]], writer)
        except OSError as error:
            hint = ": the value is one file name, without arguments" if b" " in argv[0] else ""
            raise CheckUnavailable(f"cannot run {_named(self.argv[0])}: {error.strerror}{hint}") from error


def _output() -> "_Output":
    try:
        return _Output()
    except OSError as error:
        raise CheckUnavailable(f"cannot take a program's output: {error.strerror}") from error


class _Output:
    """What a program writes on its standard output and error: the end of it, and never more than a little.

    A pipe of our own rather than asyncio's, because the check ends with the program even while
    something that it has left running holds the other end open.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)  # our end alone, the program's blocks as programs expect

    def begin(self) -> None:
        """Take what comes; to be called once the program has the other end."""
        os.close(self.writer)
        self.writer = -1
        asyncio.get_running_loop().add_reader(self._reader, self._read)

    def last_line(self) -> str:
        """Return the last line that is not empty, quoted for a sentence; empty where there is none."""
        self._read()
        lines = [line.strip() for line in self._tail.splitlines()]
        return next((quoted(line, _MOST_SHOWN)[1:-1] for line in reversed(lines) if line), "")

    def close(self) -> None:
        """Let go of the pipe."""
        asyncio.get_running_loop().remove_reader(self._reader)
        os.close(self._reader)
        if self.writer >= 0:
            os.close(self.writer)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            piece = os.read(self._reader, _PIPE)
            self._tail = (self._tail + piece)[-_MOST_OUTPUT:]
            if not piece:
                asyncio.get_running_loop().remove_reader(self._reader)


class _Program(asyncio.SubprocessProtocol):
    """A program under way, and what it has started: it leads a process group of its own.

    asyncio's own `Process` is there only some turns of the loop after the program has begun.  Of a
    check that is cancelled meanwhile it ends the program, and leaves running what that has started.
    """

    def __init__(self) -> None:
        self._transport: asyncio.SubprocessTransport | None = None
        self._ended = asyncio.Event()
        self._unwanted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport, by which we know the program's process id."""
        self._transport = transport  # type: ignore[assignment]  # typeshed names the base class of all protocols
        if self._unwanted:
            self._signal(signal.SIGKILL)

    def process_exited(self) -> None:
        """Let go of the transport, which has nothing more to tell."""
        if self._transport is not None:
            self._transport.close()
        self._ended.set()

    async def wait(self) -> int:
        """Return the exit status, or the number of the signal that ended the program, below 0."""
        await self._ended.wait()
        status = self._transport.get_returncode() if self._transport else None
        if status is None:
            raise AssertionError("a program that has ended has a status")
        return status

    async def end(self) -> None:
        """End the program with all that it has started: politely, then not."""
        self._signal(signal.SIGTERM)
        try:
            await self._wait_briefly()
        finally:
            # Whether or not the program itself has gone: its children may be deaf to SIGTERM.
            self.kill()
        await self._wait_briefly()

    def kill(self) -> None:
        """End all of it at once, or as soon as we know its process id."""
        self._unwanted = True
        self._signal(signal.SIGKILL)

    async def _wait_briefly(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await self._ended.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._transport is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._transport.get_pid(), number)


async def _spawn(argv: Sequence[bytes], writer: int) -> _Program:
    program = _Program()
    try:
        await asyncio.get_running_loop().subprocess_exec(
            lambda: program, *argv, stdin=DEVNULL, stdout=writer, stderr=writer, cwd="/", start_new_session=True
        )
    except asyncio.CancelledError:
        program.kill()
        raise
    return program


def _judged(status: int, line: str) -> Outcome:
    told = f": {line}" if line else ""
    if status == 0:
        return up(f"exit status 0{told}")
    if status > 0:
        return down(Reason.EXIT, f"exit status {status}{told}")
    try:
        name = signal.Signals(-status).name
    except ValueError:  # a real-time signal
        name = f"signal {-status}"
    return down(Reason.EXIT, f"killed by {name}{told}")


def _readable(path: str) -> bool:
    # The program runs in /, so that is where a relative name begins.
    return os.access(Path("/", path), os.R_OK)


def _named(path: str) -> str:
    return quoted(path.encode("utf-8", "surrogateescape"), 100)


def build(asking: Asking, subject: Subject, _endpoint: Endpoint) -> Probe:
    """Return the probe of `checktype=external`: the value of `checkcommand` names one file, blanks and all."""
    return Probe(check=External(argv=_argv(asking, subject)), timeout=asking.checktimeout)


def build_perl(asking: Asking, subject: Subject, _endpoint: Endpoint) -> Probe:
    """Return the probe of `checktype=external-perl`: the same, run by `perl`."""
    argv = _argv(asking, subject)
    return Probe(check=External(argv=("perl", *argv), script=asking.checkcommand), timeout=asking.checktimeout)


def _argv(asking: Asking, subject: Subject) -> tuple[str, ...]:
    """Return COMMAND VIP VPORT RIP RPORT; a firewall mark stands for the VIP, with port 0."""
    if "\0" in asking.checkcommand:
        raise Misasked("checkcommand", "expected the name of a file, but got one with a NUL character")
    real, virtual = subject.endpoint, subject.virtual
    if isinstance(virtual, MarkKey):
        service = (str(virtual.mark), "0")
    else:
        service = (bracketed(virtual.endpoint.address), str(virtual.endpoint.port))
    return (asking.checkcommand, *service, bracketed(real.address), str(real.port))
