"""Commands: what operators want done."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from ldirectord_py.api.callers import caller
from ldirectord_py.api.ports import Director
from ldirectord_py.api.problems import RequestRefused

_KNOWN = ("reload",)


class Commands:
    """The handler of POST requests at `/v1/commands`."""

    def __init__(self, director: Director) -> None:
        self._director = director

    async def carry_out(self, request: web.Request) -> web.StreamResponse:
        """Do what the body says, and tell what came of it."""
        asked = _body_of(await request.read())
        if asked.get("command") not in _KNOWN:
            sentence = f'"command" has to be one of {", ".join(_KNOWN)}'
            raise RequestRefused(HTTPStatus.UNPROCESSABLE_ENTITY, sentence)
        done = await self._director.reload(force=asked.get("force") is True, by=str(caller()))
        return web.json_response(done)


def _body_of(raw: bytes) -> Mapping[str, Any]:
    """Return the JSON object that a request's body holds."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "the body is no JSON") from error
    if not isinstance(found, dict):
        raise RequestRefused(HTTPStatus.BAD_REQUEST, 'the body is no JSON object such as {"command": "reload"}')
    return found
