"""The mails for one mail server: sent one after the other, and tried again while it fails."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from ldirectord_py.model.events import MailDelayed, MailDone, MailEvent
from ldirectord_py.observers.mail.message import Alert
from ldirectord_py.observers.mail.transport import MailRefused, MailTransport, ServerFailed
from ldirectord_py.system.supervision import Backoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long things may take, in seconds."""

    limit: float = 30.0
    """Connecting, and each mail; a sendmail program that takes longer is ended."""
    lifetime: float = 600.0
    """After which a mail that nobody takes is given up."""
    first: float = 5.0
    """The first pause between two attempts; the next ones are twice as long each."""
    longest: float = 60.0
    """But no longer than this."""

    def pause(self, attempts: int) -> float:
        """Return the pause after so many attempts."""
        return Backoff(self.first, self.longest).after(attempts)


@dataclass(slots=True)
class QueuedMail:
    """A mail that waits, and for whom it still is; times are of the monotonic clock."""

    number: int
    alert: Alert
    recipients: tuple[str, ...]
    expires: float
    due: float = 0.0
    attempts: int = 0
    trouble: str = ""


class Delivery:
    """The mails for *server*, in their order.  *gone* is told of each that waits no longer."""

    def __init__(
        self,
        server: str | None,
        open_transport: Callable[[], Awaitable[MailTransport]],
        tell: Callable[[MailEvent], None],
        gone: Callable[[QueuedMail], None],
        patience: Patience,
    ) -> None:
        self.waiting: dict[int, QueuedMail] = {}
        self.under_way = -1
        """The number of the mail that is being sent."""
        self._server = server
        self._open_transport = open_transport
        self._tell = tell
        self._gone = gone
        self._patience = patience
        self._changed = asyncio.Event()
        self._failures = 0
        self._trouble = ""
        self._not_before = 0.0
        self._ending = False

    def put(self, item: QueuedMail) -> None:
        """Have *item* sent in its turn."""
        self.waiting[item.number] = item
        self._changed.set()

    def remove(self, item: QueuedMail) -> None:
        """Have *item* wait no longer."""
        del self.waiting[item.number]
        self._gone(item)

    def hurry(self) -> None:
        """Try what waits once more, at once, and then no more."""
        self._ending = True
        self._changed.set()

    async def serve(self) -> None:
        """Send what waits, until nothing does; cancelled, give up what is left."""
        try:
            while self.waiting:
                await self._wait()
                try:
                    await self._send_what_is_due()
                except ServerFailed as failed:
                    self._server_failed(str(failed))
                except TimeoutError:
                    self._server_failed(f"no answer within {self._patience.limit:g} s")
                self._expire()
        finally:
            for item in list(self.waiting.values()):
                self._fail(item, item.trouble or self._trouble or "the director ends")

    async def _wait(self) -> None:
        """Wait until something is due, or for the end."""
        while not self._ending and self.waiting:
            first = min(item.due for item in self.waiting.values())
            left = max(first, self._not_before) - time.monotonic()
            if left <= 0:
                return
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()

    async def _send_what_is_due(self) -> None:
        async with asyncio.timeout(self._patience.limit):
            way = await self._open_transport()
        try:
            while (item := self._next()) is not None:
                await self._send(way, item)
            await way.leave()
        finally:
            way.drop()

    def _next(self) -> QueuedMail | None:
        now = time.monotonic()
        return next((item for item in self.waiting.values() if item.due <= now or self._ending), None)

    async def _send(self, way: MailTransport, item: QueuedMail) -> None:
        self.under_way = item.number
        try:
            async with asyncio.timeout(self._patience.limit):
                refusals = await way.send(item.alert, item.recipients)
        finally:
            self.under_way = -1
        self._failures, self._trouble = 0, ""
        self._take(item, refusals)

    def _take(self, item: QueuedMail, refusals: Mapping[str, MailRefused]) -> None:
        """Tell who has got *item* and who never will; have the others try it again."""
        if taken := tuple(each for each in item.recipients if each not in refusals):
            self._done(item, taken, "")
        never = {each: refusal for each, refusal in refusals.items() if not refusal.temporary}
        for each, refusal in never.items():
            self._done(item, (each,), refusal.sentence)
        item.recipients = tuple(each for each in item.recipients if each in refusals and each not in never)
        if not item.recipients:
            self.remove(item)
            return
        item.attempts += 1
        item.trouble = refusals[item.recipients[0]].sentence
        item.due = time.monotonic() + self._patience.pause(item.attempts)
        if self._ending:
            self._fail(item, item.trouble)

    def _server_failed(self, sentence: str) -> None:
        self._failures += 1
        self._trouble = sentence
        self._not_before = time.monotonic() + self._patience.pause(self._failures)
        if self._ending:
            for item in list(self.waiting.values()):
                self._fail(item, sentence)
        elif self._failures == 1:
            self._tell(MailDelayed(self._server, sentence))

    def _expire(self) -> None:
        now = time.monotonic()
        for item in [item for item in self.waiting.values() if item.expires <= now]:
            trouble = item.trouble or self._trouble or "other mails took too long"
            self._fail(item, f"{trouble}; given up after {self._patience.lifetime:g} s")

    def _fail(self, item: QueuedMail, trouble: str) -> None:
        self._done(item, item.recipients, trouble)
        self.remove(item)

    def _done(self, item: QueuedMail, recipients: tuple[str, ...], failure: str) -> None:
        self._tell(MailDone(item.alert.message, recipients, self._server, failure))
