"""Faults of this program itself, put into the log without secrets."""

import asyncio
import traceback
from collections.abc import Callable, Collection
from typing import Any

from ldirectord_py.model.text.secrets import without
from ldirectord_py.observers.events.log_line import Level
from ldirectord_py.observers.logging.crashes import Crashes
from ldirectord_py.observers.logging.log import LogObserver


class OwnFaults:
    """Logs what should not happen; the *secrets* of the configuration in force are taken out of all of it."""

    def __init__(self, log: LogObserver, secrets: Callable[[], Collection[str]]) -> None:
        self._log = log
        self._secrets = secrets
        self.of_check = Crashes(lambda text: self._say(text, "check_crashed"))
        """Is handed each error that escapes from a check."""

    def of_callback(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log what asyncio would tell standard error, which a daemon does not have."""
        error = context.get("exception")
        told = "".join(traceback.format_exception(error)) if error else ""
        self._say(f"{context['message']}: {told}", "callback_failed")

    def _say(self, text: str, event: str) -> None:
        self._log.say(without(text, self._secrets()), Level.ERROR, event=event)
