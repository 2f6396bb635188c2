"""Has patterns matched by a process of its own (`worker`), where they might hold up the loop."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary

from ldirectord_py.checks.matching import worker
from ldirectord_py.checks.matching.patterns import PatternGaveUp, Receive
from ldirectord_py.checks.matching.worker import ANSWER, HEAD, MatchResult
from ldirectord_py.model.conversation import Pattern
from ldirectord_py.model.errors import CheckUnavailable

MOST_CPU = 0.1
"""Seconds of processor time that one check may have patterns matched for; whoever needs more has not matched.

Usual patterns need less than a hundredth of it for 256 KiB; ten servers a second have to want it to fill the line.
"""
MOST_WAIT = 2.0
"""Seconds that a question waits in line."""
MOST_SECONDS = 5.0
"""Seconds until an answer has to be there, by the clock: the machine may be busy with other things."""
MOST_HELD = 32 << 20
"""Bytes of the subjects that wait."""

# -P: the folder that we were started in is no place to import from; where we ourselves are, is.
_ARGV = (sys.executable, "-P", "-m", worker.__name__)
_ROOT = str(Path(__file__).parents[3])
_NO_WAIT = False
_OVERLOADED = "this director has more patterns to match than it can: receive should have fewer repetitions"
_MATCHERS: WeakKeyDictionary[asyncio.AbstractEventLoop, "Matcher"] = WeakKeyDictionary()


def matcher() -> "Matcher":
    """Return the matcher of the loop that runs."""
    return _MATCHERS.setdefault(asyncio.get_running_loop(), Matcher())


async def objection_to(receive: Receive, subject: bytes, *, what: str, veil: tuple[bytes, ...] = ()) -> str:
    """Return why *subject* will not do, as `Receive.objection` does, for a driver, which has no peer to ask."""
    try:
        found = receive.matches_at_once(subject)
        if await matcher().matches(receive, subject, Allowance()) if found is None else found:
            return ""
    except PatternGaveUp:
        return receive.gave_up(what)
    return receive.not_found(subject, what=what, veil=veil)


class Allowance:
    """What is left of the processor's time that one check may have patterns matched for."""

    __slots__ = ("microseconds",)

    def __init__(self) -> None:
        self.microseconds = round(MOST_CPU * 1e6)


class Matcher:
    """One such process, started when it is first needed and again after it has ended; questions wait in line."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._process: _Process | None = None
        self._held = 0

    async def matches(self, pattern: Pattern, subject: bytes, allowance: Allowance) -> bool:
        """Return whether *subject* matches; raises `PatternGaveUp` where *allowance* does not suffice to tell.

        Raises `CheckUnavailable` where nobody can tell, which is no fault of who sent *subject*.
        """
        if allowance.microseconds <= 0:
            raise PatternGaveUp
        if self._held + len(subject) > MOST_HELD:
            raise CheckUnavailable(_OVERLOADED)
        self._held += len(subject)
        try:
            await self._await_turn()
            try:
                found, taken = ANSWER.unpack(await self._answer(pattern.text, subject, allowance.microseconds))
            finally:
                self._turn.release()
        finally:
            self._held -= len(subject)
        allowance.microseconds -= taken
        if MatchResult(found) is MatchResult.GAVE_UP:
            raise PatternGaveUp
        return MatchResult(found) is MatchResult.YES

    async def _await_turn(self) -> None:
        try:
            async with asyncio.timeout(MOST_WAIT):
                await self._turn.acquire()
        except TimeoutError as error:
            raise CheckUnavailable(_OVERLOADED) from error

    async def _answer(self, pattern: bytes, subject: bytes, allowed: int) -> bytes:
        # Twice, as what has ended it may have done so long ago: the kernel in want of memory, an operator.
        # What ends it twice is the question, and so whoever has sent the subject.
        for _ in range(2):
            # Whoever is cancelled amid an answer leaves a process that is of no use any more.
            process, self._process = self._process or _Process(), None
            try:
                async with asyncio.timeout(MOST_SECONDS):
                    answer = await process.ask(pattern, subject, allowed)
            except TimeoutError as error:
                process.end()
                raise CheckUnavailable(f"the process that matches patterns is silent for {MOST_SECONDS:g} s") from error
            except BaseException:
                process.end()
                raise
            if answer:
                self._process = process
                return answer
            process.end()
        raise PatternGaveUp

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.end()
            self._process = None


class _Process:
    """The process and our end of its standard input and output; raises `CheckUnavailable` where there can be none."""

    def __init__(self) -> None:
        places = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
        try:
            self._socket, theirs = socket.socketpair()
            with theirs:
                self._popen = subprocess.Popen(  # noqa: S603 -- a program of ours
                    _ARGV,
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=subprocess.DEVNULL,
                    env=os.environ | {"PYTHONPATH": places},
                    process_group=0,  # a terminal's interrupt is for the director
                )
        except OSError as error:
            raise CheckUnavailable(f"cannot run {_ARGV[0]}: {error.strerror}") from error
        self._socket.setblocking(_NO_WAIT)

    async def ask(self, pattern: bytes, subject: bytes, allowed: int) -> bytes:
        """Return the answer (`worker.ANSWER`), or nothing where the process has ended."""
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(self._socket, HEAD.pack(len(pattern), len(subject), allowed) + pattern + subject)
            answer = await loop.sock_recv(self._socket, ANSWER.size)
        except ConnectionError:
            return b""
        return answer if len(answer) == ANSWER.size else b""

    def end(self) -> None:
        """End it and its worker, unless they have."""
        self._socket.close()
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
