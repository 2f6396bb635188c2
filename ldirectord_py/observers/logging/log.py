"""The log: a line for each thing that happened."""

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import assert_never

from ldirectord_py.model.escaping import printable
from ldirectord_py.model.events import CheckDone, Event, Reloaded, Stopping
from ldirectord_py.model.outcome import Verdict
from ldirectord_py.model.service import RealKey
from ldirectord_py.observers.events.event_table import lines
from ldirectord_py.observers.events.lines.checks import fault_over, faulted
from ldirectord_py.observers.events.log_line import Field, Level, LogLine
from ldirectord_py.observers.logging.destinations import LogDestination, LogFile, Stream, Syslog
from ldirectord_py.observers.logging.entry import Entry, LogFormat
from ldirectord_py.observers.logging.rationing import Rations
from ldirectord_py.observers.logging.sinks import Sink, writer_to
from ldirectord_py.observers.logging.structured import EventDict, FilteringBoundLogger, structlog

_NUMBERS = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.ERROR: logging.ERROR,
}


_RELEASED = 32
"""Servers whose lines are released in one turn of the loop: a few hundred lines at most."""

Render = Callable[[LogLine], Entry | None]
"""Makes of a line what is written; nothing of one whose level is too low."""


class LogObserver:
    """Writes what happens to one destination.  Never raises and never waits in a loop.

    What cannot be written is counted, and told to standard error.  Of a server that flaps some lines are left out,
    unless while debugging.

    Every check's outcome is to be handed in, because our own faults show nowhere else; one that tells
    nothing new costs a fraction of a microsecond.
    """

    def __init__(
        self,
        renderer: Callable[[LogDestination], Render],
        destination: LogDestination,
        *,
        debug: bool,
        clock: Callable[[], float],
    ) -> None:
        self._renderer = renderer
        self._monotonic = time.monotonic
        self._destination = destination
        self._clock = clock
        self._debug = debug
        self._open()
        self._left: list[Sink] = []
        self._faults: dict[RealKey, str] = {}
        self._rations = Rations()
        self._releasing = False

    def __call__(self, event: Event) -> None:
        """Log what is to be logged of *event*."""
        if type(event) is CheckDone:
            if event.outcome.verdict is Verdict.FAULT or self._faults:
                self._compare(event)
            if not self._debug:
                return
        elif type(event) is Reloaded:
            self._faults.clear()  # whoever left must not be remembered for ever; what lasts is told once more
        elif type(event) is Stopping:
            self._write(self._rations.release_all(self._monotonic()))
        for line in lines(event):
            self._log(line)
        if type(event) is Stopping:
            self.flush()

    @property
    def lost(self) -> int:
        """How many lines could not be written."""
        return sum(sink.lost for sink in (*self._left, self._sink))

    def move(self, destination: LogDestination) -> None:
        """Log to *destination* from now on; what is remembered of servers stays."""
        if destination != self._destination:
            self._sink.close()
            self._left.append(self._sink)
            self._destination = destination
            self._open()

    def flush(self) -> None:
        """Wait until what has been logged is written, but no longer than a second."""
        for sink in (*self._left, self._sink):
            sink.flush()

    def close(self) -> None:
        """Wait as `flush` does, and have no thread wait for more."""
        self.flush()
        self._sink.close()

    def _open(self) -> None:
        self._render = self._renderer(self._destination)
        self._sink = Sink(writer_to(self._destination, self._clock), self._render, self._clock)

    def say(
        self, message: str, level: Level = Level.INFO, *, event: str = "said", original: bool = False, **fields: Field
    ) -> None:
        """Log a line of the command itself, such as `Invoking ldirectord invoked as: ...`."""
        self._log(LogLine(level, event, message, fields, original))

    def _compare(self, event: CheckDone) -> None:
        """Tell of faults that are new, and of faults that are over."""
        outcome = event.outcome
        for real in event.reals:
            if outcome.verdict is Verdict.FAULT:
                if self._faults.get(real) != outcome.detail:
                    self._faults[real] = outcome.detail
                    self._log(faulted(real, event))
            elif self._faults.pop(real, None) is not None:
                self._log(fault_over(real))

    def _log(self, line: LogLine) -> None:
        if self._debug or line.level is Level.DEBUG:
            self._write((line,))
            return
        self._write(self._rations.take(line, self._monotonic()))
        self._await_release()

    def _await_release(self) -> None:
        """Have what is left out told when that is due."""
        if self._releasing or (due := self._rations.due) is None:
            return
        with suppress(RuntimeError):  # no loop runs: a command, which has nothing to say of servers
            asyncio.get_running_loop().call_later(max(0.0, due - self._monotonic()), self._release)
            self._releasing = True

    def _release(self) -> None:
        self._releasing = False
        self._write(self._rations.release(self._monotonic(), _RELEASED))
        self._await_release()

    def _write(self, lines: Sequence[LogLine]) -> None:
        for line in lines:
            if (entry := self._render(line)) is not None:
                self._sink(entry)


class _Rendered:
    """What structlog calls its logger: whatever the level, it returns what the processors have made of the line."""

    def debug(self, entry: Entry) -> Entry:
        return entry

    info = warning = error = debug


def open_log(
    destination: LogDestination,
    *,
    format: LogFormat = LogFormat.TEXT,  # noqa: A002 -- the operator's word for it
    debug: bool = False,
    name: str = "ldirectord",
    clock: Callable[[], float] = time.time,
) -> LogObserver:
    """Return the log that writes to *destination*; *name* is the configuration's, as log files show it.

    Nothing is opened that would have to be closed before the process ends.
    """

    def renderer(where: LogDestination) -> Render:
        last = _json(clock) if format is LogFormat.JSON else _text(_prefix(where, name, clock))
        logger: FilteringBoundLogger = structlog.wrap_logger(
            _Rendered(),
            processors=[structlog.processors.add_log_level, _escape, last],
            wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if debug else logging.INFO),
            cache_logger_on_first_use=True,
        ).bind()

        def render(line: LogLine) -> Entry | None:
            told = {"message": line.message, "original": line.original, **line.fields}
            entry: Entry | None = logger.log(_NUMBERS[line.level], line.event, **told)
            return entry

        return render

    return LogObserver(renderer, destination, debug=debug, clock=clock)


_Arguments = tuple[tuple[Entry], dict[str, object]]
_Last = Callable[[object, str, EventDict], _Arguments]
"""The last of structlog's processors: returns the arguments for `_Rendered`'s methods."""


def _prefix(destination: LogDestination, name: str, clock: Callable[[], float]) -> Callable[[], str]:
    """Return what the original puts before a message, by destination."""

    @lru_cache(maxsize=1)
    def at(second: int) -> str:
        return time.asctime(time.localtime(second))  # the C locale's, whatever the locale

    def stamp() -> str:
        return at(int(clock()))

    match destination:
        case LogFile():
            shown = printable(name)
            return lambda: f"[{stamp()}|{shown}|{os.getpid()}] "
        case Stream(stream) if stream is not sys.stderr:
            return lambda: f"[{stamp()}] "
        case Stream() | Syslog():
            return lambda: ""
        case _:
            assert_never(destination)


def _escape(_logger: object, _method: str, said: EventDict) -> EventDict:
    """Make printable whatever text a line has, in its message and in its fields."""
    return {name: _escaped(value) for name, value in said.items()}


def _escaped(value: object) -> object:
    match value:
        case str():
            return printable(value)
        case [*values]:
            return [_escaped(each) for each in values]
        case _:
            return value


_MARKS = {Level.DEBUG: "", Level.INFO: "", Level.WARNING: "WARNING: ", Level.ERROR: "ERROR: "}
"""What stands before a message, unless it is one of the original's, which log watchers expect as they are."""


def _text(prefix: Callable[[], str]) -> _Last:
    def render(_logger: object, _method: str, said: EventDict) -> _Arguments:
        level = Level(said["level"])
        bare = str(said["message"]) if said["original"] else f"{_MARKS[level]}{said['message']}"
        return (Entry(level, prefix() + bare, bare),), {}

    return render


def _json(clock: Callable[[], float]) -> _Last:
    def render(_logger: object, _method: str, said: EventDict) -> _Arguments:
        del said["original"]
        level = Level(said.pop("level"))
        stamp = datetime.fromtimestamp(clock(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = {"timestamp": stamp, "level": level, "event": said.pop("event"), **said}
        line = json.dumps(fields, default=str)  # ASCII: nothing in it can end a line or be no UTF-8
        return (Entry(level, line, line),), {}

    return render
