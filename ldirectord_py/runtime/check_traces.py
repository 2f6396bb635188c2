"""Checks of configured servers that somebody wants to follow; nothing is made of what they find."""

import asyncio
from collections.abc import Callable, Mapping

from ldirectord_py.engine.admin.administration import concerned
from ldirectord_py.engine.admin.targets import find_target
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.checks.trace import Trace
from ldirectord_py.model.commands import target_name
from ldirectord_py.model.errors import CommandRefused
from ldirectord_py.probing.tracing.tracer import Tracer

MOST_SERVERS = 32
"""Servers that one name may mean; they are checked a few at a time."""


class CheckTraces:
    """Follows one check of each server that is named, among those of the *state* that is in force at that time.

    A server in maintenance is checked as well: an operator wants to see whether it would pass.
    """

    def __init__(self, state: Callable[[], EngineState], tracer: Tracer) -> None:
        self._state = state
        self._tracer = tracer

    async def trace(self, name: str) -> Mapping[str, Trace]:
        """Check those that *name* means once, and return how that went, by their full names.

        Raises `UnknownTarget`, `AmbiguousTarget`, and `CommandRefused` if they are too many.
        """
        state = self._state()
        target = find_target(name, state.servers, state.virtuals)
        reals = list(concerned(target, state.servers))
        if len(reals) > MOST_SERVERS:
            sentence = (
                f"{target_name(target)} has {len(reals)} servers, of which {MOST_SERVERS} can be followed at once"
            )
            raise CommandRefused(f"{sentence}: name one of them")
        secrets = state.config.secrets
        async with asyncio.TaskGroup() as tasks:
            begun = [
                (target_name(real), tasks.create_task(self._tracer.trace(state.servers[real].real.plan, secrets)))
                for real in reals
            ]
        return {name: task.result() for name, task in begun}
