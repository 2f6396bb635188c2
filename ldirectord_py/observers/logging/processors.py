"""What becomes of a line on its way to its destination: structlog's processors, in order, and a renderer a format."""

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar, assert_never

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from ldirectord_py.observers.events.log_line import Level, LogLine, escaped
from ldirectord_py.observers.logging.destinations import Journal, LogFile, Outlet, Stream, Syslog
from ldirectord_py.observers.logging.entry import Entry, LogFormat

_NUMBERS = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.ERROR: logging.ERROR,
}


TakenT = TypeVar("TakenT")
Fields = Sequence[tuple[str, str]]


class _Outlet:
    """What stands behind the processors: it hands on as an entry what they have rendered."""

    def __init__(self, take: Callable[[Entry], object]) -> None:
        self._take = take

    def debug(self, text: str, bare: str | None = None, fields: Fields = ()) -> object:
        return self._hand_on(Level.DEBUG, text, bare, fields)

    def info(self, text: str, bare: str | None = None, fields: Fields = ()) -> object:
        return self._hand_on(Level.INFO, text, bare, fields)

    def warning(self, text: str, bare: str | None = None, fields: Fields = ()) -> object:
        return self._hand_on(Level.WARNING, text, bare, fields)

    def error(self, text: str, bare: str | None = None, fields: Fields = ()) -> object:
        return self._hand_on(Level.ERROR, text, bare, fields)

    def _hand_on(self, level: Level, text: str, bare: str | None, fields: Fields) -> object:
        return self._take(Entry(level, text, text if bare is None else bare, fields))


class Loggers:
    """Makes loggers that write as *format* says, for the configuration called *name*."""

    def __init__(self, format: LogFormat, name: str, *, debug: bool, clock: Callable[[], float]) -> None:  # noqa: A002 -- the operator's word for it
        self._format = format
        self._name = name
        self._least = logging.DEBUG if debug else logging.INFO
        self._clock = clock

    def __call__(self, destination: Outlet, take: Callable[[Entry], TakenT]) -> Callable[[LogLine], TakenT | None]:
        """Return what writes lines for *destination*: it hands them to *take*, whose answer it returns.

        It returns None for lines whose level is too low.
        """
        logger: FilteringBoundLogger = structlog.wrap_logger(
            _Outlet(take),
            processors=[structlog.processors.add_log_level, escape, *self._renderer(destination)],
            wrapper_class=structlog.make_filtering_bound_logger(self._least),
            cache_logger_on_first_use=True,
        ).bind(instance=self._name)

        def write(line: LogLine) -> TakenT | None:
            fields = {"message": line.message, "original": line.original, **line.fields}
            taken: TakenT | None = logger.log(_NUMBERS[line.level], line.event, **fields)
            return taken

        return write

    def _renderer(self, destination: Outlet) -> list[Processor]:
        if isinstance(destination, Journal):
            return [render_fields]
        if self._format is LogFormat.JSON:
            # ASCII: nothing in it can end a line or be no UTF-8
            return [_Stamper(self._clock), structlog.processors.JSONRenderer(default=str)]
        return [_TextRenderer(destination, self._clock)]


def escape(_logger: object, _method: str, said: EventDict) -> EventDict:
    """Make printable whatever text a line has, in its message and in its fields."""
    return {name: escaped(value) for name, value in said.items()}


class _Stamper:
    """Puts the time first, then what is the same in each line, and drops what is for people's eyes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def __call__(self, _logger: object, _method: str, said: EventDict) -> EventDict:
        del said["original"], said["instance"]
        stamp = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"timestamp": stamp, "level": said.pop("level"), "event": said.pop("event"), **said}


_MARKS = {"debug": "", "info": "", "warning": "WARNING: ", "error": "ERROR: "}
"""What stands before a message, unless it is one of the original's, which log watchers expect as they are."""


def render_fields(
    _logger: object, _method: str, said: EventDict
) -> tuple[tuple[str, str, Sequence[tuple[str, str]]], dict[str, object]]:
    """Return what `_Outlet` is given for the journal: the sentence twice, and everything else as fields."""
    text = f"{'' if said.pop('original') else _MARKS[said.pop('level')]}{said.pop('message')}"
    said.pop("level", None)  # the journal has it as the priority
    fields = [(name.upper(), value) for name, values in said.items() for value in _texts(values)]
    return (text, text, fields), {}


def _texts(value: object) -> list[str]:
    """Return a field's *value* as the journal has it: one for each of several, none for nothing."""
    match value:
        case None:
            return []
        case bool():
            return ["true" if value else "false"]
        case [*values]:
            return [str(each) for each in values]
        case _:
            return [str(value)]


class _TextRenderer:
    """Renders as the original does, which puts more before a message in files than elsewhere."""

    def __init__(self, destination: Outlet, clock: Callable[[], float]) -> None:
        self._prefix = _prefix(destination)
        self._clock = clock

    def __call__(self, _logger: object, _method: str, said: EventDict) -> tuple[tuple[str, str], dict[str, object]]:
        """Return what `_Outlet` is given: the line for its destination, and the bare one."""
        mark = "" if said["original"] else _MARKS[said["level"]]
        bare = f"{mark}{said['message']}"
        stamp = _date(int(self._clock()))
        return (self._prefix.format(stamp=stamp, instance=said["instance"], pid=os.getpid()) + bare, bare), {}


def _prefix(destination: Outlet) -> str:
    match destination:
        case LogFile():
            return "[{stamp}|{instance}|{pid}] "
        case Stream(stream) if stream is not sys.stderr:
            return "[{stamp}] "
        case Stream() | Syslog() | Journal():
            return ""
        case _:
            assert_never(destination)


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return time.asctime(time.localtime(second))  # the C locale's, whatever the locale
