"""Where `/metrics` is served: part of the composition, which follows the configuration."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Protocol

from ldirectord_py import __version__
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.config import MetricsDetail
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.events import Observer
from ldirectord_py.model.snapshot import Snapshot


class MetricsServer(Protocol):
    """See `api.server.Exposition`."""

    detail: MetricsDetail

    async def prepare(self) -> None:
        """See that what is to be shown is fresh."""
        ...

    def pieces(self, accept: str, /) -> tuple[str, Iterator[bytes]]:
        """Return the content type for this `Accept`, and the body in pieces."""
        ...


class MetricsEndpoint:
    """Serves metrics where a configuration asks for them; nothing is counted where none has asked yet."""

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        refresh: Callable[[], Awaitable[None]],
        healthy: Callable[[], bool],
        observe: Callable[[Observer], None],
        *,
        clients: int,
    ) -> None:
        self._snapshot = snapshot
        self._refresh = refresh
        self._healthy = healthy
        self._observe = observe
        self._clients = clients
        self._metrics: MetricsServer | None = None
        self._endpoint: Endpoint | None = None
        self._detail = MetricsDetail.FULL
        self._listener = AsyncExitStack()

    async def follow(self, endpoint: Endpoint | None, detail: MetricsDetail = MetricsDetail.FULL) -> str | None:
        """Serve on *endpoint* in this *detail* from now on; return what kept us from it, None: nothing.

        The new listener is up before the old one goes, and where it cannot be had the old one stays.
        """
        self._detail = detail
        if self._metrics is not None:
            self._metrics.detail = detail
        if endpoint == self._endpoint:
            return None
        fresh = AsyncExitStack()
        if endpoint is not None:
            try:
                await self._serve(endpoint, fresh)
            except DirectorError as error:
                await fresh.aclose()
                stays = f"{self._endpoint} stays" if self._endpoint else "going on without metrics"
                return f"metricslisten: {error} ({stays}; the next reload tries again)"
        old, self._listener, self._endpoint = self._listener, fresh, endpoint
        await old.aclose()
        return None

    async def close(self) -> None:
        """Serve nothing any more."""
        await self.follow(None)

    async def _serve(self, endpoint: Endpoint, stack: AsyncExitStack) -> None:
        # Most directors serve no metrics, and what serves them is a quarter of this process's memory and of its start.
        from ldirectord_py.api.limits import Limits  # noqa: PLC0415  # see above
        from ldirectord_py.api.server import serve  # noqa: PLC0415  # see above
        from ldirectord_py.observers.metrics.metrics import Metrics  # noqa: PLC0415  # see above

        if self._metrics is None:
            metrics = Metrics(self._snapshot, __version__, refresh=self._refresh)
            self._observe(metrics.observe)
            metrics.detail = self._detail
            self._metrics = metrics
        limits = Limits(connections=self._clients)
        await stack.enter_async_context(serve(endpoint, metrics=self._metrics, healthy=self._healthy, limits=limits))
