"""Side jobs, such as mail and watching files: what fails in one costs that one, and never the checks or the table."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ldirectord_py.model.events import Event, SideJobBack, SideJobFailed

_FIRST, _LONGEST = 1.0, 60.0
"""Seconds before a job that failed is begun again: the first time, and at most; each pause is twice the last one."""
_SOUND = 90.0
"""Seconds without a failure after which a job counts as sound again."""


Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SideJob:
    """A job that the director can do without for a while."""

    name: str
    """In the log; it begins a sentence."""
    cost: str
    """What is missing while it is not done, as a clause."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before something is tried again: twice as long after each failure."""

    first: float
    longest: float
    """Seconds."""

    def after(self, failures: int) -> float:
        """Return the seconds after so many failures, at least one."""
        return min(self.longest, self.first * 2.0 ** min(failures - 1, 16))


def pause(failures: int) -> float:
    """Return the seconds before a job is begun again that has failed so many times in succession."""
    return Backoff(_FIRST, _LONGEST).after(failures)


class Supervisor:
    """Carries side jobs out, and *tell*s of those that fail."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell

    async def keep(self, job: SideJob, work: Work) -> None:
        """Carry *work* out until it returns; begin again after an error, which is told once until it is over."""
        failures = 0
        while True:
            begun = asyncio.get_running_loop().time()
            sound = self._await_soundness(job) if failures else None
            try:
                await work()
            except Exception as error:  # noqa: BLE001  # whatever it is, it is the job's alone
                if asyncio.get_running_loop().time() - begun >= _SOUND:
                    failures = 0
                if not failures:
                    self._tell_failure(job, error)
            else:
                return
            finally:
                if sound is not None:
                    sound.cancel()
            failures += 1
            await asyncio.sleep(pause(failures))

    async def contain(self, job: SideJob, work: Work) -> None:
        """Carry *work* out once; an error is told, and goes no further."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001  # see above
            self._tell_failure(job, error)

    def _await_soundness(self, job: SideJob) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(_SOUND, self._tell, SideJobBack(job.name))

    def _tell_failure(self, job: SideJob, error: Exception) -> None:
        wanting = isinstance(error, OSError) and error.strerror
        self._tell(SideJobFailed(job.name, job.cost, wanting or f"{type(error).__name__}, a bug of ours"))
        if not wanting:
            asyncio.get_running_loop().call_exception_handler({"message": job.name, "exception": error})
