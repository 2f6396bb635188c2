"""The command's own lines in the log."""

import sys
from pathlib import Path

from ldirectord_py.cli.instances import SHADOW
from ldirectord_py.cli.options import Action, Invocation
from ldirectord_py.cli.terminal import complain
from ldirectord_py.observers.logs import Level, LogDestination, LogFile, LogFormat, Stream, Syslog, open_log


def destination(asked: Invocation, logfile: str, *, supervised: bool = False) -> LogDestination:
    """Return where to log: the terminal when debugging, else what `supervised` and `logfile` say."""
    if asked.debug:
        return Stream(sys.stderr)
    if supervised:
        return Stream(sys.stdout)
    if not logfile.startswith("/"):
        return Syslog(logfile)
    return LogFile(Path(logfile + SHADOW if asked.shadow else logfile))


class Journal:
    """The log, which moves to another place once the configuration has named it."""

    def __init__(self, asked: Invocation, where: LogDestination, instance: str) -> None:
        self.instance = instance
        self._asked = asked
        self._silent = asked.action is Action.STATUS and not asked.debug
        """Monitors ask all the time, and each line would be one of thousands a day."""
        self.move(where)

    def move(self, where: LogDestination) -> None:
        """Log to *where* from now on."""
        asked = self._asked
        self._log = open_log(where, format=LogFormat(asked.log_format), debug=asked.debug, name=self.instance)

    def say(self, message: str, level: Level = Level.INFO) -> None:
        """Put *message* into the log, in the original's words as far as it has any."""
        if not self._silent:
            self._log.say(message, level, original=True)

    def tell(self, message: str, level: Level = Level.ERROR) -> None:
        """Put *message* into the log and before the operator; when debugging the terminal is the log."""
        self.say(message, level)
        if not self._asked.debug:
            complain(message)
