"""`monitorfile`: a line for each result of a check, as the original writes it."""

import asyncio
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue

from ldirectord_py.model.address import bracketed
from ldirectord_py.model.checks.check_options import CheckType
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.config import Config, Real, Virtual
from ldirectord_py.model.events import CheckDone, Event, MonitorFileBack, MonitorFileFailed
from ldirectord_py.model.service import AddressKey, RealKey
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.observers.appending import Appender
from ldirectord_py.system.threads import NoThread, begin

_PAUSE = 0.1
"""Seconds for which lines are gathered, so that a busy director writes many at a time."""
_MOST = 20_000
"""Lines that may wait for a file that takes its time; further ones are lost."""
_PATIENCE = 1.0
"""Seconds that the end of the process waits for what is still to be written."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """One real server of a virtual that has a monitorfile."""

    path: str
    identity: bytes
    checktype: CheckType

    def shows(self, outcome: Outcome) -> bool:
        """Return whether the original has a line for *outcome*."""
        if outcome.verdict is Verdict.FAULT:
            return False
        if outcome.reason is Reason.MAINTENANCE:
            return True
        failed_ping = self.checktype is CheckType.PING and outcome.verdict is Verdict.DOWN
        return self.checktype is not CheckType.EXTERNAL_PERL and not failed_ping


class MonitorFiles:
    """Appends lines to the files of those virtuals that have one, from a thread of its own.

    To be subscribed only while *wanted*, so that checks cost nothing more where it is not.
    """

    def __init__(
        self, config: Callable[[], Config], emit: Callable[[Event], None], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._config = config
        self._emit = emit
        self._clock = clock
        self._pid = b"%d" % os.getpid()
        self._subjects: dict[RealKey, _Subject] = {}
        self._lines: dict[str, list[bytes]] = {}
        self._waiting = 0
        self._writer: SimpleQueue[dict[str, list[bytes]]] | None = None
        self._writing = False
        self._lost: dict[str, int] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    def follow_config(self) -> bool:
        """Take up the configuration that is in force; return whether any virtual has a monitorfile."""
        self._subjects = {
            key: _Subject(virtual.monitorfile, identity(virtual, real), virtual.check_options.checktype)
            for virtual in self._config().virtuals
            if virtual.monitorfile
            for key, real in virtual.servers
        }
        return bool(self._subjects)

    def __call__(self, event: Event) -> None:
        """Have a line written for each server that *event* is about, if it is a check's."""
        if type(event) is not CheckDone:
            return
        for real in event.reals:
            subject = self._subjects.get(real)
            if subject is not None and subject.shows(event.outcome):
                self._take(subject.path, line(self._clock(), self._pid, subject.identity, event.outcome))

    async def finish(self) -> None:
        """Write what waits, but do not wait long for it."""
        self._hand_over()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._idle.wait()
        except TimeoutError:
            return

    def _take(self, path: str, text: bytes) -> None:
        if self._waiting >= _MOST:
            self._fail(path, 1, "it takes lines more slowly than they come")
            return
        self._waiting += 1
        self._lines.setdefault(path, []).append(text)
        if self._waiting == 1 and not self._writing:
            self._idle.clear()
            asyncio.get_running_loop().call_later(_PAUSE, self._hand_over)

    def _hand_over(self) -> None:
        if self._writing or not self._lines:
            return
        taken, self._lines, self._waiting = self._lines, {}, 0
        try:
            writer = self._writer = self._writer or self._begin()
        except NoThread as error:
            self._written({path: (len(lines), error.sentence) for path, lines in taken.items()})
            return
        self._writing = True
        writer.put(taken)

    def _begin(self) -> "SimpleQueue[dict[str, list[bytes]]]":
        """Return what a thread takes lines from; raise `NoThread`."""
        writer: SimpleQueue[dict[str, list[bytes]]] = SimpleQueue()
        begin(_Work(writer, asyncio.get_running_loop(), self._written).run, "monitorfile")
        return writer

    def _written(self, lost: dict[str, tuple[int, str]]) -> None:
        self._writing = False
        for path, (lines, reason) in lost.items():
            if reason:
                self._fail(path, lines, reason)
            elif path in self._lost:
                self._emit(MonitorFileBack(path, self._lost.pop(path)))
        if self._lines:
            asyncio.get_running_loop().call_later(_PAUSE, self._hand_over)
        else:
            self._idle.set()

    def _fail(self, path: str, lines: int, reason: str) -> None:
        first = path not in self._lost
        self._lost[path] = self._lost.get(path, 0) + lines
        self._emit(MonitorFileFailed(path, lines, reason, first))


@dataclass(frozen=True, slots=True)
class _Work:
    """What the thread does: files that hang keep it, and nobody else."""

    batches: SimpleQueue[dict[str, list[bytes]]]
    loop: asyncio.AbstractEventLoop
    written: Callable[[dict[str, tuple[int, str]]], None]

    def run(self) -> None:
        appenders: dict[str, Appender] = {}
        while True:
            lost: dict[str, tuple[int, str]] = {}
            for path, lines in self.batches.get().items():
                whole, reason = appenders.setdefault(path, Appender(Path("/", path)))(lines)
                lost[path] = len(lines) - whole, reason
            try:
                self.loop.call_soon_threadsafe(self.written, lost)
            except RuntimeError:  # the loop is closed: the process ends
                return


def identity(virtual: Virtual, real: Real) -> bytes:
    """Return what names a check in the original's monitorfile.

    It joins its fields with colons, request and pattern with a backslash before whatever is no letter, digit or
    underscore; each run of colons then becomes one blank, so that empty fields vanish, and backslashes go.
    """
    options, key = virtual.check_options, virtual.key
    kind = [options.checktype.value]
    if options.checktype in {CheckType.NEGOTIATE, CheckType.COMBINED}:
        kind.append(options.service)
    elif options.checktype in {CheckType.EXTERNAL, CheckType.EXTERNAL_PERL}:
        kind.append(options.checkcommand)
    fields = [
        *kind,
        key.protocol.value if isinstance(key, AddressKey) else "fwm",
        bracketed(real.endpoint.address),
        str(real.endpoint.port),
        options.virtualhost or "",
        str(options.checkport or ""),
        str(real.destination.weight),
        real.destination.forwarding.value,
        _escaped(options.request if real.request is None else real.request),
        _escaped(options.receive if real.receive is None else real.receive),
    ]
    joined = re.sub(":+", " ", ":".join(fields)).replace("\\", "")
    return printable(joined).encode()


def _escaped(text: str) -> str:
    return re.sub(r"([^A-Za-z0-9_])", r"\\\1", text)


_IN_REASONS = str.maketrans({"%": "%25", "|": "%7c", "\r": "%0d", "\n": "%0a"})


def line(now: float, pid: bytes, name: bytes, outcome: Outcome) -> bytes:
    """Return a line for *outcome*, complete with its end, of the check called *name*."""
    word = b"up" if outcome.verdict is Verdict.UP else b"down"
    reason = printable(outcome.detail.translate(_IN_REASONS)).encode() or b"-"
    return b"[%b] [%b] %b [%b] %b\n" % (_stamp(int(now)), pid, name, word, reason)


@lru_cache(maxsize=1)
def _stamp(second: int) -> bytes:
    return time.asctime(time.localtime(second)).encode()  # the C locale's, whatever the locale
