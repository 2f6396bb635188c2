"""The log: a line for each thing that happened."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from ldirectord_py.model.checks.outcome import Verdict
from ldirectord_py.model.events import CheckDone, Event, Reloaded, Stopping
from ldirectord_py.observers.events.event_table import lines
from ldirectord_py.observers.events.log_line import Field, Level, LogLine
from ldirectord_py.observers.logging.destinations import LogDestination, outlets
from ldirectord_py.observers.logging.entry import LogFormat
from ldirectord_py.observers.logging.fault_lines import FaultLines
from ldirectord_py.observers.logging.processors import Loggers
from ldirectord_py.observers.logging.rationing import Rations
from ldirectord_py.observers.logging.sinks import Sink, writer_to

_FAULT = Verdict.FAULT  # see `engine.health`
_RELEASED = 32
"""Servers whose lines are released in one turn of the loop: a few hundred lines at most."""


class LogObserver:
    """Writes what happens to one destination.  Never raises and never waits in a loop.

    What cannot be written is counted, and told to standard error.  Of a server that flaps some lines are left out,
    unless while debugging.

    Every check's outcome is to be handed in, because our own faults show nowhere else; one that tells
    nothing new costs a fraction of a microsecond.
    """

    def __init__(
        self,
        loggers: Loggers,
        destination: LogDestination,
        *,
        debug: bool,
        clock: Callable[[], float],
    ) -> None:
        self._loggers = loggers
        self._monotonic = time.monotonic
        self._destination = destination
        self._clock = clock
        self._debug = debug
        self._left: list[Sink] = []
        self._open()
        self._faults = FaultLines()
        self._looks = debug
        """Whether each check is looked at: while debugging, and while there are faults that may be over."""
        self._rations = Rations()
        self._releasing = False

    def check_done(self, event: CheckDone) -> None:
        """Log what is to be logged of a check: for whoever has very many to tell of."""
        if self._looks or event.outcome.verdict is _FAULT:
            for line in self._faults.told(event):
                self._log(line)
            if self._debug:
                for line in lines(event):
                    self._log(line)
            self._looks = self._debug or bool(self._faults.lasting)

    def __call__(self, event: Event) -> None:
        """Log what is to be logged of *event*."""
        if type(event) is CheckDone:
            self.check_done(event)
            return
        if type(event) is Reloaded:
            self._faults.clear()  # servers that left must not be remembered for ever; what lasts is told once more
        elif type(event) is Stopping:
            self._write(self._rations.release_all(self._monotonic()))
        for line in lines(event):
            self._log(line)
        if type(event) is Stopping:
            self.flush()

    @property
    def lost(self) -> int:
        """How many lines could not be written."""
        return sum(sink.lost for sink in (*self._left, *self._sinks))

    def move(self, destination: LogDestination) -> None:
        """Log to *destination* from now on; what is remembered of servers stays."""
        if destination != self._destination:
            for sink in self._sinks:
                sink.close()
            self._left += self._sinks
            self._destination = destination
            self._open()

    def flush(self) -> None:
        """Wait until what has been logged is written, but no longer than a second."""
        for sink in (*self._left, *self._sinks):
            sink.flush()

    def close(self) -> None:
        """Wait as `flush` does, and have no thread wait for more."""
        self.flush()
        for sink in self._sinks:
            sink.close()

    def _open(self) -> None:
        self._sinks: list[Sink] = []
        self._puts: list[Callable[[LogLine], object]] = []
        for outlet in outlets(self._destination):
            rendered = self._loggers(outlet, lambda entry: entry)
            sink = Sink(writer_to(outlet, self._clock), rendered, self._clock)
            self._sinks.append(sink)
            self._puts.append(self._loggers(outlet, sink))

    def say(
        self, message: str, level: Level = Level.INFO, *, event: str = "said", original: bool = False, **fields: Field
    ) -> None:
        """Log a line of the command itself, such as `Invoking ldirectord invoked as: ...`."""
        self._log(LogLine(level, event, message, fields, original))

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
            for put in self._puts:
                put(line)


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
    return LogObserver(Loggers(format, name, debug=debug, clock=clock), destination, debug=debug, clock=clock)
