"""One check of a server, now, step by step: `POST /v1/check`."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from aiohttp import web

from ldirectord_py.api.bodies import json_object
from ldirectord_py.api.pieces import PieceSender
from ldirectord_py.api.ports import ShownDirector
from ldirectord_py.api.problems import RequestRefused
from ldirectord_py.model.checks.trace import Trace


class Tracing:
    """The handler of POST requests at `/v1/check`; it takes the right to write, because servers are asked."""

    def __init__(self, director: ShownDirector, sender: PieceSender) -> None:
        self._director = director
        self._sender = sender

    async def check(self, request: web.Request) -> web.StreamResponse:
        """Check those that are named, and tell each step once all are done."""
        if not (target := request.query.get("target", "")):
            sentence = "name who is to be checked: /v1/check?target=10.0.0.5:80"
            raise RequestRefused(HTTPStatus.UNPROCESSABLE_ENTITY, sentence)
        json_object(await request.read(), "{}")
        traces = await self._director.trace(target)

        async def begin() -> tuple[str, Iterator[bytes]]:
            return "application/json", _pieces(traces)

        return await self._sender.send(request, begin)


def _pieces(traces: Mapping[str, Trace]) -> Iterator[bytes]:
    between = '{"reals": ['
    for name, trace in traces.items():
        yield f"{between}{json.dumps(trace.as_json(name))}".encode()
        between = ", "
    yield b"]}"
