"""`fallbackcommand`: a command that is told when nobody serves a virtual, and when somebody does again."""

from collections.abc import Callable
from dataclasses import dataclass

from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event, Reloaded, RoleChanged, ServingChanged
from ldirectord_py.model.service import AddressKey, VirtualKey
from ldirectord_py.observers.hooks.programs import Hook, Hooks, shell


@dataclass(frozen=True, slots=True)
class _Told:
    """The last word that a command has been given, which is `stop` if somebody was *serving*."""

    command: str
    serving: bool


class FallbackCommand:
    """Runs `COMMAND start VIP:VPORT PROTOCOL` when nobody serves, and the same with `stop` when somebody does.

    Each command hears a word when it comes into the configuration, and then only what changes.  One that leaves the
    configuration, or whose virtual is taken out of the table at the end, is told `stop` if it has been told `start`.
    A standby tells nothing; when it becomes active, it tells what they have not heard.
    """

    def __init__(self, config: Callable[[], Config], hooks: Hooks, held: Callable[[], bool] = lambda: False) -> None:
        self._config = config
        self._held = held
        self._hooks = hooks
        self._read: Config | None = None
        self._commands: dict[VirtualKey, str] = {}
        self._serving: dict[VirtualKey, bool] = {}
        self._told: dict[VirtualKey, _Told] = {}

    def __call__(self, event: Event) -> None:
        """Run what is to be run because of *event*."""
        match event:
            case ServingChanged(virtual, serving):
                self._follow_config()
                self._serving[virtual] = serving
                self._tell(virtual)
            case Reloaded() | RoleChanged():
                self._follow_config()
                for virtual in {*self._told, *self._commands}:
                    self._tell(virtual)
            case _:
                pass

    def leave(self) -> None:
        """Have undone what the commands have done for virtuals that leave the table; the others go on as they are."""
        for virtual in self._config().virtuals:
            told = self._told.get(virtual.key)
            if virtual.cleanstop and told is not None and not told.serving:
                self._run(virtual.key, told.command, serving=True)

    def _follow_config(self) -> None:
        config = self._config()
        if config is self._read:
            return
        self._read = config
        self._commands = {each.key: each.fallbackcommand for each in config.virtuals if each.fallbackcommand}
        keys = {each.key for each in config.virtuals}
        self._serving = {key: serving for key, serving in self._serving.items() if key in keys}

    def _tell(self, virtual: VirtualKey) -> None:
        if self._held():
            return
        command, serving = self._commands.get(virtual), self._serving.get(virtual)
        told = self._told.get(virtual)
        if told is not None and told.command != command:
            del self._told[virtual]
            if not told.serving:
                self._run(virtual, told.command, serving=True)
            told = None
        if command is None or serving is None or (told is not None and told.serving == serving):
            return
        self._told[virtual] = _Told(command, serving)
        self._run(virtual, command, serving=serving)

    def _run(self, virtual: VirtualKey, command: str, *, serving: bool) -> None:
        words = ("stop" if serving else "start", *_names(virtual))
        hook = Hook(
            directive="fallbackcommand",
            shown=" ".join((command, *words)),
            argv=shell(command, *words),
            place=command,
            says_state=True,
        )
        self._hooks.run(("fallbackcommand", virtual), hook)


def _names(virtual: VirtualKey) -> tuple[str, str]:
    """Return what tells a command which virtual is meant: address and port, or the mark; and the protocol."""
    if isinstance(virtual, AddressKey):
        return str(virtual.endpoint), str(virtual.protocol)
    return str(virtual.mark), "fwm6" if virtual.family == 6 else "fwm"
