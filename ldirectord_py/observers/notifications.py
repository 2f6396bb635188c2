"""All that reaches the world outside: the operator's programs, files and mails.  A shadow has none of it at work."""

from asyncio import TaskGroup
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Protocol, Self

from ldirectord_py.model.cluster.role import Role, RoleStatus
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event, Observer
from ldirectord_py.observers.hooks.callback import Callback
from ldirectord_py.observers.hooks.execute import Execute
from ldirectord_py.observers.hooks.fallbackcommand import FallbackCommand
from ldirectord_py.observers.hooks.programs import Hooks
from ldirectord_py.observers.mail.alerts import MailAlerts
from ldirectord_py.observers.mail.queue import MailQueue
from ldirectord_py.observers.mail.routes import Routes
from ldirectord_py.observers.mail.transports import prepare
from ldirectord_py.observers.monitorfile import MonitorFiles


class Directed(Protocol):
    """Whom notifications are about."""

    @property
    def config(self) -> Config:
        """The configuration in force."""
        ...

    @property
    def role(self) -> RoleStatus:
        """Whether the director is active; a standby tells nobody."""
        ...


class Notifications:
    """Runs programs, writes monitorfiles and sends mails while entered."""

    def __init__(
        self,
        directed: Directed,
        emit: Callable[[Event], None],
        *,
        program: Sequence[str],
        routes: Routes,
        at_a_time: int,
    ) -> None:
        """*directed* says what is in force."""

        def config() -> Config:
            return directed.config

        def held() -> bool:
            return directed.role.role is Role.STANDBY

        self._config = config
        self._hooks = Hooks(emit, at_a_time)
        self._post = MailQueue(emit, routes)
        self._fallbackcommand = FallbackCommand(config, self._hooks, held)
        self._execute = Execute(config, program, self._hooks)
        self._alerts = MailAlerts(config, self._post.put, held=held)
        self._stack = AsyncExitStack()
        self.monitor = MonitorFiles(config, emit)
        """To be subscribed only while a configuration wants it: it hears of each check."""
        self.observers: tuple[Observer, ...] = (
            self._fallbackcommand,
            self._execute,
            Callback(config, self._hooks, held),
            self._alerts,
        )
        """What is to hear of everything but checks."""

    async def __aenter__(self) -> Self:
        """Be ready to run programs and to send mails."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._hooks)
            await stack.enter_async_context(self._post)
            self._stack = stack.pop_all()
        if any(each.alerting.recipients and each.alerting.smtp for each in self._config().virtuals):
            await prepare()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End whatever still runs."""
        await self._stack.__aexit__(kind, error, trace)

    def leave(self, *, stays: bool) -> None:
        """Have told what is to be told because the director ends; to be called before the table is left.

        *stays*: the table stays as it is, because another director takes it over.
        """
        self._execute.leave(stays=stays)
        if not stays:
            self._fallbackcommand.leave()
        self._alerts.leave()

    async def finish(self) -> None:
        """Wait, all at the same time, for what is under way; no longer than the one that may take longest."""
        async with TaskGroup() as tasks:
            for last in (self.monitor.finish, self._hooks.finish, self._post.finish):
                tasks.create_task(last())
