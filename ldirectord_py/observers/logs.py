"""The log: a line for each thing that happened."""

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import assert_never

from ldirectord_py.model.escaping import printable
from ldirectord_py.model.events import CheckDone, Event, Reloaded, Stopping
from ldirectord_py.model.outcome import Verdict
from ldirectord_py.model.service import RealKey
from ldirectord_py.observers.line import Entry, Field, Level, Line
from ldirectord_py.observers.lines.checks import fault_over, faulted
from ldirectord_py.observers.lines.every import lines
from ldirectord_py.observers.sinks import LogDestination, LogFile, Sink, Stream, Syslog, open_sink
from ldirectord_py.observers.structured import EventDict, FilteringBoundLogger, structlog

__all__ = ["Level", "LogDestination", "LogFile", "LogFormat", "LogObserver", "Stream", "Syslog", "open_log"]


class LogFormat(StrEnum):
    """How a line looks: as the original's do, or as one JSON object."""

    TEXT = "text"
    JSON = "json"


_NUMBERS = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.ERROR: logging.ERROR,
}


class LogObserver:
    """Writes what happens to one destination.  Never raises; where it cannot write it tells standard error.

    Every check's outcome is to be handed in, because our own faults show nowhere else; one that tells
    nothing new costs a fraction of a microsecond.
    """

    def __init__(
        self,
        opener: Callable[[LogDestination], tuple[FilteringBoundLogger, Sink]],
        destination: LogDestination,
        *,
        debug: bool,
    ) -> None:
        self._opener = opener
        self._destination = destination
        self._logger, self._sink = opener(destination)
        self._debug = debug
        self._faults: dict[RealKey, str] = {}

    def __call__(self, event: Event) -> None:
        """Log what is to be logged of *event*."""
        match event:
            case CheckDone():
                if event.outcome.verdict is Verdict.FAULT or self._faults:
                    self._compare(event)
                if not self._debug:
                    return
            case Reloaded():
                self._faults.clear()  # whoever left must not be remembered for ever; what lasts is told once more
            case _:
                pass
        for line in lines(event, os.getpid()):
            self._log(line)
        if isinstance(event, Stopping):
            self.flush()

    def move(self, destination: LogDestination) -> None:
        """Log to *destination* from now on; what is remembered of servers stays."""
        if destination != self._destination:
            self.flush()
            self._destination = destination
            self._logger, self._sink = self._opener(destination)

    def flush(self) -> None:
        """Write now what waits for the end of the loop's turn, as the lines of events in a file do."""
        self._sink.flush()

    def say(
        self, message: str, level: Level = Level.INFO, *, event: str = "said", original: bool = False, **fields: Field
    ) -> None:
        """Log a line of the command itself, such as `Invoking ldirectord invoked as: ...`."""
        self._log(Line(level, event, message, fields, original))
        self.flush()

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

    def _log(self, line: Line) -> None:
        self._logger.log(_NUMBERS[line.level], line.event, message=line.message, original=line.original, **line.fields)


class _Outlet:
    """What structlog calls its logger: whatever the level, the line goes to the sink."""

    def __init__(self, sink: Sink) -> None:
        self.debug = self.info = self.warning = self.error = sink


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

    def opener(where: LogDestination) -> tuple[FilteringBoundLogger, Sink]:
        render = _json(clock) if format is LogFormat.JSON else _text(_prefix(where, name, clock))
        sink = open_sink(where, clock)
        logger: FilteringBoundLogger = structlog.wrap_logger(
            _Outlet(sink),
            processors=[structlog.processors.add_log_level, _escape, render],
            wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if debug else logging.INFO),
            cache_logger_on_first_use=True,
        ).bind()
        return logger, sink

    return LogObserver(opener, destination, debug=debug)


_Arguments = tuple[tuple[Entry], dict[str, object]]
Renderer = Callable[[object, str, EventDict], _Arguments]
"""The last of structlog's processors: returns the arguments for `_Outlet`'s methods."""


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


def _text(prefix: Callable[[], str]) -> Renderer:
    def render(_logger: object, _method: str, said: EventDict) -> _Arguments:
        level = Level(said["level"])
        bare = str(said["message"]) if said["original"] else f"{_MARKS[level]}{said['message']}"
        return (Entry(level, prefix() + bare, bare),), {}

    return render


def _json(clock: Callable[[], float]) -> Renderer:
    def render(_logger: object, _method: str, said: EventDict) -> _Arguments:
        del said["original"]
        level = Level(said.pop("level"))
        stamp = datetime.fromtimestamp(clock(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = {"timestamp": stamp, "level": level, "event": said.pop("event"), **said}
        line = json.dumps(fields, default=str)  # ASCII: nothing in it can end a line or be no UTF-8
        return (Entry(level, line, line),), {}

    return render
