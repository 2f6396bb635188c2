"""The end of the process: one way out, whatever asks for it."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Self

from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.signals import LEAVE_TABLE

_ENDING = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGABRT", "SIGSYS", "SIGXCPU", "SIGXFSZ")
"""The signals on which the original stops in order; a second one while it does is ignored, so that no table
is left half cleaned.  Those of broken hardware and memory (SIGSEGV, SIGILL, SIGFPE, SIGBUS) are left to the kernel:
a Python handler would return to the instruction that fails, for ever."""

_ENDERS = (*(signal.Signals[name] for name in _ENDING), LEAVE_TABLE)

_IGNORED = ("SIGUSR1", "SIGUSR2", "SIGALRM")
"""The original dies of these and leaves its table behind, which nobody can have wanted."""


class ShutdownRequested(Exception):
    """Unwinds the root group once the end was asked for; never seen outside."""


class Signals:
    """Turns signals into an awaited end and a callback for reloads, while entered."""

    def __init__(self, reload: Callable[[], None]) -> None:
        self.name = ""
        """The signal that asked for the end, without SIG; empty before."""
        self.leave_table = False
        """Whether the table is to stay as it is, whatever `cleanstop` says."""
        self._reload = reload
        self._asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        """Take the signals over."""
        for name in _ENDING:
            self._loop.add_signal_handler(signal.Signals[name], self.ask, name.removeprefix("SIG"))
        self._loop.add_signal_handler(LEAVE_TABLE, self.ask_to_make_way)
        self._loop.add_signal_handler(signal.SIGHUP, self._reload)
        for name in _IGNORED:
            # A handler, not SIG_IGN: programs that checks start would inherit the latter.
            self._loop.add_signal_handler(signal.Signals[name], lambda: None)
        # By default a full wake-up channel is reported through a lock that is taken within the signal's handler: in a
        # storm of signals the process would wait for itself for ever.
        signal.set_wakeup_fd(signal.set_wakeup_fd(-1), warn_on_full_buffer=False)
        # Our parent may have blocked them, and then nothing but SIGKILL would end this process.
        signal.pthread_sigmask(
            signal.SIG_UNBLOCK, [*_ENDERS, *(signal.Signals[name] for name in (*_IGNORED, "SIGHUP"))]
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give SIGHUP back; block those that ask for the end, which has come."""
        # Closing the loop puts the default handlers back: a repeated SIGTERM would kill the process
        # before its pid file is gone.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDERS)
        self._loop.remove_signal_handler(signal.SIGHUP)

    def ask(self, name: str) -> None:
        """Ask for the end as the signal *name* does."""
        self.name = self.name or name
        self._asked.set()

    def ask_to_make_way(self) -> None:
        """Ask for the end as a restart does: the next daemon takes the table over."""
        self.leave_table = self.leave_table or not self._asked.is_set()
        self.ask("RTMIN")

    async def unless_asked(self, work: Coroutine[None, None, None]) -> bool:
        """Carry out *work*; return whether it was done before the end was asked for, which cancels it."""
        failure: DirectorError | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                ending = tasks.create_task(self.end(), name="await the end")
                try:
                    await work
                except DirectorError as error:  # as it is, not in a group
                    failure = error
                ending.cancel()
        except* ShutdownRequested:
            pass
        if failure is not None:
            raise failure
        return not self._asked.is_set()

    async def end(self) -> None:
        """Wait until a signal asks for the end, and unwind the group; raise `ShutdownRequested`."""
        await self._asked.wait()
        raise ShutdownRequested
