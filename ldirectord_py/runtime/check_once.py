"""Every real server asked once: what its checks would say."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager

from ldirectord_py.model.checks.check_plan import Always, Never, Polled
from ldirectord_py.model.checks.outcome import CheckedOnce, Outcome
from ldirectord_py.model.config import Config
from ldirectord_py.model.service import RealKey
from ldirectord_py.probing.schedule import ReportOutcome, Schedule


async def check_once(
    config: Config, checking: Callable[[ReportOutcome], AbstractContextManager[Schedule]]
) -> Mapping[RealKey, CheckedOnce]:
    """Return what one check of each server of *config* that is checked at all has found.

    Takes as long as the slowest of them.
    """
    subscribers = _subscribers(config)
    found: dict[Polled, CheckedOnce] = {}
    complete = asyncio.Event()

    def report(plan: Polled, outcome: Outcome, _seconds: float, _lateness: float, asked: str) -> None:
        found.setdefault(plan, CheckedOnce(outcome, asked))
        if len(found) == len(subscribers):
            complete.set()

    with checking(report) as schedule:
        schedule.retarget(subscribers)
        if subscribers:
            await complete.wait()
    return {key: found[plan] for plan, keys in subscribers.items() for key in keys}


def _subscribers(config: Config) -> Mapping[Polled, Collection[RealKey]]:
    found: dict[Polled, list[RealKey]] = {}
    for virtual in config.virtuals:
        for key, real in virtual.servers:
            if not isinstance(real.plan, Always | Never):
                found.setdefault(real.plan, []).append(key)
    return found
