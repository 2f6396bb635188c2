"""Every real server asked once: what its checks would say."""

import asyncio
from collections.abc import Callable, Collection, Mapping

from ldirectord_py.model.checking import Always, Never, Polled
from ldirectord_py.model.config import Config
from ldirectord_py.model.outcome import Outcome
from ldirectord_py.model.service import RealKey
from ldirectord_py.probing.schedule import Report, Schedule


async def survey(config: Config, open_schedule: Callable[[Report], Schedule]) -> Mapping[RealKey, Outcome]:
    """Return what one check of each server of *config* that is checked at all has found.

    Takes as long as the slowest of them.
    """
    subscribers = _subscribers(config)
    outcomes: dict[Polled, Outcome] = {}
    complete = asyncio.Event()

    def report(plan: Polled, outcome: Outcome, _seconds: float, _lateness: float, _asked: str) -> None:
        outcomes.setdefault(plan, outcome)
        if len(outcomes) == len(subscribers):
            complete.set()

    schedule = open_schedule(report)
    try:
        schedule.retarget(subscribers)
        if subscribers:
            await complete.wait()
    finally:
        schedule.close()
    return {key: outcomes[plan] for plan, keys in subscribers.items() for key in keys}


def _subscribers(config: Config) -> Mapping[Polled, Collection[RealKey]]:
    found: dict[Polled, list[RealKey]] = {}
    for virtual in config.virtuals:
        for key, real in zip(virtual.keys, virtual.reals, strict=True):
            if not isinstance(real.plan, Always | Never):
                found.setdefault(real.plan, []).append(key)
    return found
