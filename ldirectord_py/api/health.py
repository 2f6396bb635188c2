"""What monitoring asks for: `/metrics` for Prometheus, `/-/healthy` and `/-/ready`."""

from collections.abc import Iterator
from http import HTTPStatus

from aiohttp import web

from ldirectord_py.api.pieces import PieceSender
from ldirectord_py.api.ports import Ports
from ldirectord_py.api.problems import RequestRefused

INDEX = """\
ldirectord_py

/metrics    for Prometheus
/-/healthy  200 while the director makes progress, else 503
/-/ready    200 once every server has been checked, else 503
"""


class HealthPages:
    """The handlers."""

    def __init__(self, ports: Ports, sender: PieceSender) -> None:
        self._ports = ports
        self._sender = sender

    def add_to(self, app: web.Application) -> None:
        """Have *app* answer."""
        app.router.add_get("/-/healthy", self._healthy)
        app.router.add_get("/-/ready", self._ready)
        app.router.add_get("/metrics", self._scrape, allow_head=False)

    async def index(self, _request: web.Request) -> web.Response:
        """Say what there is."""
        return web.Response(text=INDEX)

    async def _healthy(self, _request: web.Request) -> web.Response:
        if self._ports.healthy():
            return web.Response(text="ldirectord is healthy.\n")
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="ldirectord makes no progress.\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        if self._ports.ready():
            return web.Response(text="ldirectord is ready.\n")
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="Not every server has been checked yet.\n")

    async def _scrape(self, request: web.Request) -> web.StreamResponse:
        metrics = self._ports.metrics()
        if metrics is None:
            sentence = "nothing is counted here: metricslisten says where metrics are served"
            raise RequestRefused(HTTPStatus.NOT_FOUND, sentence)

        async def begin() -> tuple[str, Iterator[bytes]]:
            await metrics.prepare()
            return metrics.pieces(request.headers.get("Accept", ""))

        return await self._sender.send(request, begin)
