"""`callback`: a program that is run when the configuration's file has changed."""

from collections.abc import Callable

from ldirectord_py.model.config import Config
from ldirectord_py.model.events import ConfigChanged, Event
from ldirectord_py.observers.hooks.programs import Hook, Hooks


class Callback:
    """Runs `CALLBACK PATH` after each change of the file's content, whether or not it is taken up.

    The value names one file, without arguments, as for the original.
    """

    def __init__(self, config: Callable[[], Config], hooks: Hooks, held: Callable[[], bool] = lambda: False) -> None:
        """*held*: a standby runs none, else two directors would hand each other the file for ever."""
        self._config = config
        self._held = held
        self._hooks = hooks

    def __call__(self, event: Event) -> None:
        """Run what is to be run because of *event*."""
        if isinstance(event, ConfigChanged) and (callback := self._config().callback) and not self._held():
            hook = Hook(directive="callback", shown=f"{callback} {event.path}", argv=(callback, event.path))
            self._hooks.run("callback", hook)
