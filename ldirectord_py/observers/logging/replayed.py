"""What happened once, in the words of the log, with the moments at which it did."""

import sys
from collections.abc import Iterable, Iterator

from ldirectord_py.model.events import CheckDone, Event
from ldirectord_py.observers.events.event_table import lines
from ldirectord_py.observers.events.log_line import LogLine
from ldirectord_py.observers.logging.destinations import Stream
from ldirectord_py.observers.logging.entry import LogFormat
from ldirectord_py.observers.logging.fault_lines import FaultLines
from ldirectord_py.observers.logging.processors import Loggers


class Replayed:
    """Returns lines as the log has them, but for servers that flap: of those all is told.

    Moments are in seconds since the epoch.
    """

    def __init__(self, format: LogFormat, *, debug: bool) -> None:  # noqa: A002 -- see `open_log`
        self._debug = debug
        self._now = 0.0
        self._faults = FaultLines()
        loggers = Loggers(format, "", debug=debug, clock=lambda: self._now)
        self._render = loggers(Stream(sys.stdout), lambda entry: entry)

    def told(self, event: Event, at: float) -> Iterator[str]:
        """Yield the lines of an event."""
        if isinstance(event, CheckDone):
            yield from self._said(self._faults.told(event), at)
            if not self._debug:
                return
        yield from self._said(lines(event), at)

    def said(self, line: LogLine, at: float) -> Iterator[str]:
        """Yield the line of something else."""
        return self._said([line], at)

    def configured(self, line: LogLine, at: float) -> Iterator[str]:
        """Yield the line of a configuration that comes in force; faults that last are told once more."""
        self._faults.clear()
        return self._said([line], at)

    def _said(self, told: Iterable[LogLine], at: float) -> Iterator[str]:
        self._now = at
        for line in told:
            if (entry := self._render(line)) is not None:
                yield entry.text
