"""`emailalert`: which changes are told by mail, and who is told again while a server is out."""

import asyncio
import time
from collections.abc import Callable

from ldirectord_py.model.checks.outcome import Reason
from ldirectord_py.model.config import AlertStatus, Config, Virtual
from ldirectord_py.model.events import Event, HealthChanged, InitialChecksDone, Reloaded, TableChanged, Trigger
from ldirectord_py.model.health import State
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import AddDestination, RemoveDestination, SetDestination
from ldirectord_py.observers.events.lines.table import change_message
from ldirectord_py.observers.mail.message import Alert


class MailAlerts:
    """Has mails sent (by *put*) about changes of the table, and about servers that are out.

    Told is what happens to a server, not what a start or a reload does on the way: nothing of a server that comes in
    with weight 0 because nobody has asked it yet, nor of a fallback that stands in only until somebody has.
    """

    def __init__(
        self,
        config: Callable[[], Config],
        put: Callable[[Alert], None],
        *,
        clock: Callable[[], float] = time.time,
        held: Callable[[], bool] = lambda: False,
    ) -> None:
        """*held*: a standby sends nothing; it goes on with reminders when it becomes active."""
        self._held = held
        self._config = config
        self._put = put
        self._clock = clock
        self._status = AlertStatus.STARTING
        self._read: Config | None = None
        self._virtuals: dict[VirtualKey, Virtual] = {}  # of whose changes somebody is told
        self._weights: dict[RealKey, int] = {}
        self._out: dict[RealKey, float] = {}  # when it was told last, by the loop's clock
        self._timers: dict[RealKey, asyncio.TimerHandle] = {}
        self._standing_in: dict[VirtualKey, Alert] = {}

    def __call__(self, event: Event) -> None:
        """Have sent what is to be sent because of *event*."""
        match event:
            case TableChanged():
                self._changed(event)
            case HealthChanged(real, before, after) if before.state is not after.state:
                if after.state is State.DOWN:
                    # A server that served leaves the table, which is told; of one that did not, nothing else tells.
                    silent = not before.state.serving and after.reason is not Reason.MAINTENANCE
                    self._down(real, silent=silent)
                elif after.state.serving:
                    self._forget(real)
            case Reloaded():
                self._status = AlertStatus.RELOADING
                self._follow_config()
                self._keep_reminding()
            case InitialChecksDone():
                for alert in self._standing_in.values():
                    self._send(alert)
                self._standing_in.clear()
                self._status = AlertStatus.RUNNING
            case _:
                pass

    def leave(self) -> None:
        """Take what is told from now on for a part of the end; remind nobody any more."""
        self._status = AlertStatus.STOPPING
        self._standing_in.clear()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _follow_config(self) -> None:
        config = self._config()
        if config is self._read:
            return
        self._read = config
        self._virtuals = {each.key: each for each in config.virtuals if each.alerting.recipients}
        self._weights = {key: real.destination.weight for each in self._virtuals.values() for key, real in each.servers}

    def _changed(self, event: TableChanged) -> None:
        change = event.change
        if not isinstance(change, AddDestination | SetDestination | RemoveDestination):
            return
        if event.cause is Trigger.RELOAD:
            self._status = AlertStatus.RELOADING
        self._follow_config()
        if (virtual := self._virtuals.get(change.virtual)) is None:
            return
        # The original's mails call what is put back with weight 0 quiescent, too.
        alert = self._alert(virtual, change_message(event).removeprefix("Readd "))
        if event.fallback:
            self._fallback_changed(event, alert)
        elif not self._is_housekeeping(event, RealKey(change.virtual, change.real)):
            self._send(alert)

    def _fallback_changed(self, event: TableChanged, alert: Alert) -> None:
        key = event.change.virtual
        if event.cause is Trigger.STOP:
            return  # it goes with its virtual
        if isinstance(event.change, RemoveDestination):
            if self._standing_in.pop(key, None) is None:
                self._send(alert)
        elif event.cause in {Trigger.START, Trigger.RELOAD}:
            self._standing_in[key] = alert
        else:
            self._send(alert)

    def _is_housekeeping(self, event: TableChanged, real: RealKey) -> bool:
        """Return whether *event* says nothing of *real* that its recipients have not been told, or that is news."""
        if event.cause is Trigger.STOP:
            return real in self._out
        if event.cause not in {Trigger.START, Trigger.RELOAD} or isinstance(event.change, RemoveDestination):
            return False
        unasked = isinstance(event.change, AddDestination | SetDestination) and not event.change.destination.weight
        return unasked and real not in self._out and self._weights.get(real, 0) > 0

    # Servers that are out.

    def _down(self, real: RealKey, *, silent: bool) -> None:
        self._follow_config()
        self._out[real] = asyncio.get_running_loop().time()
        if silent:
            self._say_inaccessible(real, reminder=False)
        self._remind_later(real)

    def _forget(self, real: RealKey) -> None:
        self._out.pop(real, None)
        if timer := self._timers.pop(real, None):
            timer.cancel()

    def _keep_reminding(self) -> None:
        """Go on with those that are still configured, as often as is now said."""
        configured = {key for each in self._config().virtuals for key in each.keys} if self._out else set()
        for real in list(self._out):
            if real in configured:
                self._remind_later(real)
            else:
                self._forget(real)

    def _remind_later(self, real: RealKey) -> None:
        if timer := self._timers.pop(real, None):
            timer.cancel()
        if (virtual := self._virtuals.get(real.virtual)) is not None and (seconds := virtual.alerting.frequency):
            due = self._out[real] + seconds
            self._timers[real] = asyncio.get_running_loop().call_at(due, self._remind, real)

    def _remind(self, real: RealKey) -> None:
        self._out[real] = asyncio.get_running_loop().time()
        self._say_inaccessible(real, reminder=True)
        self._remind_later(real)

    def _say_inaccessible(self, real: RealKey, *, reminder: bool) -> None:
        if virtual := self._virtuals.get(real.virtual):
            message = f"Inaccessible real server: {real.real} ({real.virtual.label})"
            self._send(self._alert(virtual, message, reminder=reminder))

    def _alert(self, virtual: Virtual, message: str, *, reminder: bool = False) -> Alert:
        return Alert(virtual, message, self._status, self._clock(), reminder)

    def _send(self, alert: Alert) -> None:
        if alert.status & alert.virtual.alerting.status and not self._held():
            self._put(alert)
