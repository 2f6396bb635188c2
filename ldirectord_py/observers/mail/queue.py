"""The post: mails wait here until somebody has taken them, and nobody waits for them."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Self

from ldirectord_py.model.events import Event, MailQueued, MailsLost
from ldirectord_py.observers.background import BackgroundTasks
from ldirectord_py.observers.mail.delivery import Delivery, Patience, QueuedMail
from ldirectord_py.observers.mail.message import Alert, addresses
from ldirectord_py.observers.mail.routes import Routes
from ldirectord_py.observers.mail.transports import open_transport
from ldirectord_py.system.supervision import SideJob, Supervisor

MOST = 1000
"""Mails that may wait, for all mail servers together."""
FAREWELL = 4.0
"""Seconds that the end of the director waits for mails; a sendmail program that must be ended takes one more."""
_TELLING = 60.0
"""Seconds between two lines about lost mails."""


class MailQueue:
    """Sends mails while entered: for each mail server one task, so that one that hangs holds up its own mails only."""

    def __init__(self, emit: Callable[[Event], None], routes: Routes, patience: Patience | None = None) -> None:
        self._emit = emit
        self._routes = routes
        self._patience = patience or Patience()
        self._supervisor = Supervisor(emit)
        self._tasks = BackgroundTasks()
        self._deliveries: dict[str | None, Delivery] = {}
        self._number = 0
        self._reminders: dict[int, Delivery] = {}  # where each mail waits, the oldest first
        self._others: dict[int, Delivery] = {}
        self._lost = self._lost_reminders = 0
        self._telling: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Be ready to send."""
        await self._tasks.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Give up whatever still waits."""
        self._abandon()
        await self._tasks.__aexit__()

    def put(self, alert: Alert) -> None:
        """Have *alert* sent as soon as its mail server takes it.

        Where too many wait, the oldest reminder gives way, or the oldest of all where there is none.
        """
        if not (recipients := addresses(alert.virtual.alerting.recipients)):
            return
        self._emit(MailQueued(alert.message))
        if len(self._reminders) + len(self._others) >= MOST:
            self._make_room()
        self._number += 1
        delivery = self._lane(alert.virtual.alerting.smtp)
        (self._reminders if alert.reminder else self._others)[self._number] = delivery
        delivery.put(QueuedMail(self._number, alert, recipients, time.monotonic() + self._patience.lifetime))

    async def finish(self, seconds: float = FAREWELL) -> None:
        """Try once more to send what waits, and give up after *seconds*."""
        for delivery in self._deliveries.values():
            delivery.hurry()
        await self._tasks.wait(seconds)
        self._abandon()
        await self._tasks.wait()  # they tell what they give up

    def _lane(self, server: str | None) -> Delivery:
        if (delivery := self._deliveries.get(server)) is None:
            opener = partial(open_transport, server, self._routes)
            delivery = self._deliveries[server] = Delivery(server, opener, self._emit, self._forget, self._patience)
            self._tasks.begin(self._serve(server, delivery), f"mail through {server or 'sendmail'}")
        return delivery

    async def _serve(self, server: str | None, delivery: Delivery) -> None:
        try:
            job = SideJob(f"Mail through {server or 'sendmail'}", "the mails that waited for it are given up")
            await self._supervisor.contain(job, delivery.serve)
        finally:
            del self._deliveries[server]

    def _forget(self, item: QueuedMail) -> None:
        (self._reminders if item.alert.reminder else self._others).pop(item.number)

    def _make_room(self) -> None:
        for places in (self._reminders, self._others):
            for number, delivery in places.items():
                if number != delivery.under_way:
                    delivery.remove(delivery.waiting[number])
                    self._lost += 1
                    self._lost_reminders += places is self._reminders
                    if self._telling is None:
                        self._telling = asyncio.get_running_loop().call_later(_TELLING, self._tell_lost)
                    return

    def _tell_lost(self) -> None:
        self._emit(MailsLost(self._lost, self._lost_reminders))
        self._lost = self._lost_reminders = 0
        self._telling = None

    def _abandon(self) -> None:
        self._tasks.cancel()
        if self._telling is not None:
            self._telling.cancel()
            self._tell_lost()
