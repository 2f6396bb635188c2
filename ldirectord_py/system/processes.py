"""Other programs: started in a session of their own, listened to a little, and ended with all that they started."""

import asyncio
import errno
import os
import shutil
import signal
import sys
import warnings
from asyncio.subprocess import DEVNULL
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

from ldirectord_py.system.environment import environment
from ldirectord_py.system.guard import GUARD, Guard

GRACE = 0.5
"""Seconds between SIGTERM and SIGKILL for a program that overruns."""
_KILLED = 5.0
"""Seconds in which the kernel has ended what was killed, unless that waits for a disk or a server of files."""
_MOST_OUTPUT = 4096
"""Bytes kept of what a program writes, of the beginning and of the end."""
_PIPE = 64 * 1024
"""As much as a pipe holds (pipe(7)), so that one read empties it."""


def prepare_waiting() -> None:
    """Have asyncio wait for programs without a thread for each: to be called before the loop runs.

    Python 3.12 does so by itself; where no thread can be had, 3.11 would never learn of a program's end.
    """
    if sys.version_info < (3, 12) and hasattr(os, "pidfd_open"):
        with suppress(OSError):  # kernels before 5.3
            os.close(os.pidfd_open(os.getpid()))
            asyncio.get_event_loop_policy().set_child_watcher(asyncio.PidfdChildWatcher())
        # A program that waits for its disk outlives SIGKILL, and may outlive us: that is no mistake of ours.
        warnings.filterwarnings("ignore", "A loop is being detached", RuntimeWarning)


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """How a program ended, and the first and the last line that it wrote (without blank ones; empty: none)."""

    status: int
    """Its exit status; below 0 the signal that killed it."""
    first: bytes = b""
    last: bytes = b""
    written: bytes = field(default=b"", compare=False, repr=False)
    """The beginning and the end of what it wrote, with `...` between them where something was left out."""

    def __str__(self) -> str:
        """Return `exit status 2` or `killed by SIGSEGV`."""
        if self.status >= 0:
            return f"exit status {self.status}"
        try:
            name = signal.Signals(-self.status).name
        except ValueError:  # a real-time signal
            name = f"signal {-self.status}"
        return f"killed by {name}"


async def run(
    argv: Sequence[str],
    *,
    errors_only: bool = False,
    given: bytes = b"",
    whole_group: bool = False,
    variables: Mapping[str, str] | None = None,
) -> ProgramResult:
    """Run a program in `/` and return how it ended; cancelled, it is ended with its whole process group.

    Its standard input is what is *given*; its output is kept as far as `ProgramResult` says, with *errors_only* that on
    standard error.  With *whole_group* the end of the program is the end of all that it has started in its process
    group, and so is our own end, by SIGKILL too.  Without *variables* its environment is what `environment` returns.
    A file without `#!` is the shell's.  Raises OSError where the program cannot be started, and where nothing can be
    opened for its output.
    """
    with closing(_Output()) as output, _input(given) as stdin:
        streams = (stdin, DEVNULL if errors_only else output.writer, output.writer)
        guard = GUARD if whole_group else None
        program = await _start(argv, streams, environment() if variables is None else variables, guard)
        output.begin()
        try:
            status = await program.wait()
        except asyncio.CancelledError:
            await program.end()
            raise
        finally:
            program.leave_nothing()
        return ProgramResult(status, *output.lines(), output.whole())


class _Output:
    """What a program writes: beginning and end of it, and never more than a little.

    A pipe of our own rather than asyncio's, because the program's end is the end of it even while
    something that it has left running holds the other end open.
    """

    def __init__(self) -> None:
        self._head = self._tail = b""
        self._size = 0
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)  # our end alone, the program's blocks as programs expect

    def begin(self) -> None:
        """Take what comes; to be called once the program has the other end."""
        os.close(self.writer)
        self.writer = -1
        asyncio.get_running_loop().add_reader(self._reader, self._read)

    def lines(self) -> tuple[bytes, bytes]:
        """Return the first and the last line that is not blank, without blanks around it."""
        self._read()
        return _first(self._head.splitlines()), _first(reversed(self._tail.splitlines()))

    def whole(self) -> bytes:
        """Return all that was written, or its beginning and its end, as of the last call of `lines`."""
        if (rest := self._size - len(self._head)) > _MOST_OUTPUT:
            return self._head + b"\n...\n" + self._tail
        return self._head + self._tail[len(self._tail) - rest :]

    def close(self) -> None:
        """Let go of the pipe."""
        asyncio.get_running_loop().remove_reader(self._reader)
        os.close(self._reader)
        if self.writer >= 0:
            os.close(self.writer)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            piece = os.read(self._reader, _PIPE)
            if len(self._head) < _MOST_OUTPUT:
                self._head = (self._head + piece)[:_MOST_OUTPUT]
            self._tail = (self._tail + piece)[-_MOST_OUTPUT:]
            self._size += len(piece)
            if not piece:
                asyncio.get_running_loop().remove_reader(self._reader)


def _first(lines: Iterable[bytes]) -> bytes:
    return next((stripped for line in lines if (stripped := line.strip())), b"")


@contextmanager
def _input(given: bytes) -> Iterator[int]:
    """Yield what reads as *given*: a file in memory, since a pipe would wait for a program that does not read."""
    if not given:
        yield DEVNULL
        return
    with open(os.memfd_create("input"), "w+b") as file:  # noqa: PTH123  # a file without a name has no path
        file.write(given)
        file.seek(0)
        yield file.fileno()


_Streams = tuple[int, int, int]
"""Standard input, output and error."""


async def _start(
    argv: Sequence[str], streams: _Streams, variables: Mapping[str, str], guard: Guard | None
) -> "_Program":
    words = _encoded(argv)
    if guard is not None:
        guard.begin()
    try:
        return await _spawn(words, streams, variables, guard)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        # A script without `#!` is the shell's, as execvp(3) has it.
        shell = [b"/bin/sh", shutil.which(words[0]) or words[0], *words[1:]]
        return await _spawn(shell, streams, variables, guard)


class _Program(asyncio.SubprocessProtocol):
    """A program under way, and what it has started: it leads a process group of its own.

    asyncio's own `Process` is there only some turns of the loop after the program has begun.  Where it
    is cancelled meanwhile it ends the program, and leaves running what that has started.

    With a *guard* nothing of it stays behind, whichever of us ends first.
    """

    def __init__(self, guard: Guard | None) -> None:
        self._guard = guard
        self._transport: asyncio.SubprocessTransport | None = None
        self._ended = asyncio.Event()
        self._unwanted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport, by which we know the program's process id."""
        self._transport = cast(asyncio.SubprocessTransport, transport)  # typeshed names the base class of all protocols
        if self._unwanted:
            self._signal(signal.SIGKILL)
        elif self._guard is not None:
            self._guard.add(self._transport.get_pid())

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
            await self._wait_for_end(GRACE)
        finally:
            # Whether or not the program itself has gone: its children may be deaf to SIGTERM.
            self.kill()
        await self._wait_for_end(_KILLED)

    def kill(self) -> None:
        """End all of it at once, or as soon as we know its process id."""
        self._unwanted = True
        self._signal(signal.SIGKILL)

    def leave_nothing(self) -> None:
        """Where it has a guard, end what is left of it; the guard need not know of it any more."""
        if self._guard is not None:
            self.kill()
            if self._transport is not None:
                self._guard.remove(self._transport.get_pid())

    async def _wait_for_end(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._transport is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._transport.get_pid(), number)


async def _spawn(
    words: Sequence[bytes], streams: _Streams, variables: Mapping[str, str], guard: Guard | None
) -> _Program:
    program = _Program(guard)
    stdin, stdout, stderr = streams
    try:
        await asyncio.get_running_loop().subprocess_exec(
            lambda: program,
            *words,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd="/",
            env=variables,
            start_new_session=True,
        )
    except asyncio.CancelledError:
        program.kill()
        program.leave_nothing()
        raise
    return program


def _encoded(argv: Sequence[str]) -> list[bytes]:
    """Return the words as bytes: those of a configuration hold its file's, as surrogates where they are no UTF-8."""
    return [word.encode("utf-8", "surrogateescape") for word in argv]
