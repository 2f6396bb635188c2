"""The HTTP application under `/v1/`: its routes, and what stands before each of them."""

from aiohttp import web
from aiohttp.typedefs import Handler

from ldirectord_py.api.callers import CALLER, Callers, require
from ldirectord_py.api.commands import Commands
from ldirectord_py.api.limits import ConnectionLimiter, Limits
from ldirectord_py.api.openapi import document
from ldirectord_py.api.pieces import PieceSender
from ldirectord_py.api.ports import Ports
from ldirectord_py.api.problems import tell_problems
from ldirectord_py.api.reading import Reading
from ldirectord_py.api.server import only_once

MOST_BODY = 64 * 1024
"""Bytes of a request's body."""


VERSION = web.AppKey("VERSION", str)


async def _openapi(request: web.Request) -> web.Response:
    return web.json_response(document(request.app[VERSION]))


def application(ports: Ports, limits: Limits, door: ConnectionLimiter) -> web.Application:
    """Return the application, whose connections come through *door*."""
    callers = Callers()

    @web.middleware
    async def occupied(request: web.Request, handler: Handler) -> web.StreamResponse:
        with door.asking(request.transport):
            return await handler(request)

    @web.middleware
    async def permitted(request: web.Request, handler: Handler) -> web.StreamResponse:
        caller = await callers.of(request)
        require(caller, write=request.method not in {"GET", "HEAD"})
        CALLER.set(caller)
        return await handler(request)

    app = web.Application(middlewares=[occupied, tell_problems, permitted], client_max_size=MOST_BODY)
    reading, commands = Reading(ports, PieceSender(limits)), Commands(ports)
    app.router.add_get("/v1/status", reading.status)
    app.router.add_get("/v1/virtuals", reading.virtuals)
    app.router.add_get("/v1/virtuals/{virtual}", reading.virtual)
    app.router.add_get("/v1/reals", reading.reals)
    app.router.add_get("/v1/openapi.json", _openapi)
    app.router.add_post("/v1/commands", commands.carry_out)
    app[VERSION] = ports.version
    app.on_response_prepare.append(only_once)
    return app
