"""`execute`: further configurations, each with a daemon of its own that starts, reloads and stops with this one."""

from collections.abc import Callable, Iterable, Sequence

from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event, Reloaded, Started
from ldirectord_py.observers.hooks.executed import instance_command, instances
from ldirectord_py.observers.hooks.programs import Hook, Hooks
from ldirectord_py.system.environment import environment

LEAVE_TABLE_OPTION = "--leave-table"
"""Has `stop` leave the table as it is."""
_LIMIT = 90.0
"""Seconds: a start takes as long as the names in its configuration need to be resolved, and waits for a minute."""


class Execute:
    """Runs `ldirectord CONFIG start` and the like; *program* is what to run in place of `ldirectord`."""

    def __init__(self, config: Callable[[], Config], program: Sequence[str], hooks: Hooks) -> None:
        self._config = config
        self._program = program
        self._hooks = hooks
        self._begun: tuple[str, ...] = ()

    def __call__(self, event: Event) -> None:
        """Run what is to be run because of *event*."""
        match event:
            case Started():
                self._begun = instances(self._config())
                self._run(self._begun, "start")
            case Reloaded():
                before, self._begun = self._begun, instances(self._config())
                self._run([each for each in before if each not in self._begun], "stop")
                self._run([each for each in self._begun if each in before], "reload", "start")
                self._run([each for each in self._begun if each not in before], "start")
            case _:
                pass

    def leave(self, *, stays: bool) -> None:
        """Stop them all; *stays*: their tables stay as they are, because they will be started again."""
        self._run(self._begun, "stop", options=(LEAVE_TABLE_OPTION,) if stays else ())

    def _run(self, which: Iterable[str], action: str, otherwise: str = "", options: Sequence[str] = ()) -> None:
        for each in which:
            command = instance_command((*self._program, *options), each, action)
            if otherwise:
                command = f"{command} || {instance_command(self._program, each, otherwise)}"
            hook = Hook(
                directive="execute",
                shown=f"{each} {action}",
                argv=("/bin/sh", "-c", command),
                variables=environment(of_ourselves=True),
                limit=_LIMIT,
                place=each,
            )
            self._hooks.run(("execute", each), hook)
