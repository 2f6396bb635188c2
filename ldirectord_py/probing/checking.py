"""How checks are carried out in this process: workers, prober and schedule together, and the end of all three."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from ldirectord_py.probing.drivers import Crashed
from ldirectord_py.probing.prober import Prober
from ldirectord_py.probing.schedule import ReportOutcome, Schedule
from ldirectord_py.probing.tls_memory import OnCertificate
from ldirectord_py.system.limits import ProcessLimits
from ldirectord_py.workers.workers import Workers


@contextmanager
def checking(
    tasks: asyncio.TaskGroup,
    may: ProcessLimits,
    report: ReportOutcome,
    *,
    crashed: Crashed,
    certificate_seen: OnCertificate = lambda _target, _expires: None,
) -> Iterator[Schedule]:
    """Yield a schedule that has its checks carried out among *tasks*, within what the process *may* do at a time.

    See `Prober` and `Schedule` for the other arguments.
    """
    workers = Workers()
    prober = Prober(tasks, workers, crashed=crashed, certificate_seen=certificate_seen, closing=may.closing)
    schedule = Schedule(prober, report, limit=may.conversations, drivers=may.drivers)
    try:
        yield schedule
    finally:
        schedule.close()
        prober.close()
        workers.close()
