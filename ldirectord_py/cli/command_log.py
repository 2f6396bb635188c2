"""The command's own lines in the log."""

import sys
from collections.abc import Callable
from pathlib import Path

from ldirectord_py.cli.instances import SHADOW
from ldirectord_py.cli.options import Action, Invocation
from ldirectord_py.cli.terminal import complain
from ldirectord_py.model.config import JOURNAL
from ldirectord_py.observers.events.log_line import Level
from ldirectord_py.observers.logging.destinations import Journal, LogDestination, LogFile, Stream, Syslog, journal_of
from ldirectord_py.observers.logging.entry import LogFormat

Say = Callable[[str, Level], None]


def destination(asked: Invocation, logfile: str, *, supervised: bool = False) -> LogDestination:
    """Return where to log: the terminal when debugging, else what `supervised` and `logfile` say.

    Where the journal reads the stream, it is sent the fields too.
    """
    if asked.debug:
        return journal_of(sys.stderr) or Stream(sys.stderr)
    if supervised:
        return journal_of(sys.stdout) or Stream(sys.stdout)
    if logfile == JOURNAL:
        return Journal()
    if not logfile.startswith("/"):
        return Syslog(logfile)
    return LogFile(Path(logfile + SHADOW if asked.shadow else logfile))


class CommandLog:
    """The log, which moves to another place once the configuration has named it."""

    def __init__(self, asked: Invocation, where: LogDestination, instance: str) -> None:
        self.instance = instance
        self._asked = asked
        self._silent = asked.action is Action.STATUS and not asked.debug
        """Monitors ask all the time, and each line would be one of thousands a day."""
        self._where = where
        self._say: Say | None = None
        """Writes a line; None: there has been none since the log has moved here."""

    def move(self, where: LogDestination) -> None:
        """Log to *where* from now on."""
        self._where, self._say = where, None

    def say(self, message: str, level: Level = Level.INFO) -> None:
        """Put *message* into the log, in the original's words as far as it has any."""
        if not self._silent:
            self._say = self._say or _opened(self._where, self._asked, self.instance)
            self._say(message, level)

    def tell(self, message: str, level: Level = Level.ERROR) -> None:
        """Put *message* into the log and before the operator; when debugging the terminal is the log."""
        self.say(message, level)
        if not self._asked.debug:
            complain(message)


def _opened(where: LogDestination, asked: Invocation, instance: str) -> Say:
    """Return what writes a line to *where*; imports what that takes, which a status does without."""
    from ldirectord_py.observers.logging.log import open_log  # noqa: PLC0415  # see above

    log = open_log(where, format=LogFormat(asked.log_format), debug=asked.debug, name=instance)
    return lambda message, level: log.say(message, level, original=True)
