"""Checks of configured servers that somebody wants to follow; nothing is made of what they find."""

from collections.abc import Callable

from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.trace import Trace
from ldirectord_py.probing.tracing.tracer import Tracer


class CheckTraces:
    """Follows one check of a server of the configuration that *config* returns.

    A server in maintenance is checked as well: an operator wants to see whether it would pass.
    """

    def __init__(self, config: Callable[[], Config], tracer: Tracer) -> None:
        self._config = config
        self._tracer = tracer

    async def trace(self, real: RealKey) -> Trace:
        """Check *real* once, and return how that went; raise `DirectorError` if it is not configured."""
        config = self._config()
        for virtual in config.virtuals:
            if virtual.key == real.virtual and real in virtual.keys:
                return await self._tracer.trace(virtual.reals[virtual.keys.index(real)].plan, config.secrets)
        raise DirectorError(f"{real} is not configured any more")
