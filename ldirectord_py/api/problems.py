"""What a client is told when it does not get what it asked for: problem details (RFC 9457)."""

import asyncio
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from ldirectord_py.api.ports import API
from ldirectord_py.model.errors import (
    AmbiguousTarget,
    DirectorError,
    LastServer,
    NotDirecting,
    UnknownTarget,
)

CONTENT_TYPE = "application/problem+json"
_VERSIONED = re.compile(r"/v([0-9]{1,9})/")
_URIS = "urn:ldirectord:problem:"
"""In front of the names of problems that programs tell from others of the same status."""


class RequestRefused(Exception):
    """Ends a request with a problem; the message is one sentence for whoever asked."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def problem(
    status: int,
    detail: str,
    *,
    kind: str = "",
    extras: Mapping[str, Any] | None = None,
    allow: str = "",
) -> web.Response:
    """Return the response that tells of a problem; *kind* names it for programs, where the status does not."""
    told = {
        "type": f"{_URIS}{kind}" if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        **(extras or {}),
    }
    headers = {"Allow": allow} if allow else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    return web.Response(status=status, text=json.dumps(told), content_type=CONTENT_TYPE, headers=headers)


@web.middleware
async def tell_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever keeps a request from being answered with a problem."""
    try:
        return await handler(request)
    except RequestRefused as refused:
        return problem(refused.status, str(refused))
    except DirectorError as error:
        return _of_director(error)
    except web.HTTPException as error:
        return _of_aiohttp(request, error)
    except Exception as error:  # noqa: BLE001  # a fault of ours must not end anything but this request
        context = {"message": f"answering {request.method} {request.path}", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of ldirectord's own; its log says more")


def _of_director(error: DirectorError) -> web.Response:
    match error:
        case AmbiguousTarget():
            extras = {"candidates": list(error.candidates)}
            return problem(HTTPStatus.CONFLICT, str(error), kind="ambiguous", extras=extras)
        case UnknownTarget():
            extras = {"candidates": list(error.candidates)}
            return problem(HTTPStatus.NOT_FOUND, str(error), kind="unknown-target", extras=extras)
        case LastServer():
            extras = {"virtuals": list(error.virtuals)}
            return problem(HTTPStatus.CONFLICT, str(error), kind="last-server", extras=extras)
        case NotDirecting():
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        case _:
            return problem(HTTPStatus.CONFLICT, str(error))


def _of_aiohttp(request: web.Request, error: web.HTTPException) -> web.Response:
    match error:
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return problem(error.status, f"{request.path} takes {allowed}, not {request.method}", allow=allowed)
        case web.HTTPNotFound() if (other := _VERSIONED.match(request.path)) and other[1] != str(API):
            sentence = f"this daemon speaks version {API} of the API, and not {other[1]}"
            return problem(error.status, f"{sentence}: use the client that came with it, or ask below /v{API}/")
        case web.HTTPNotFound():
            return problem(error.status, f"there is nothing at {request.path}; /v1/openapi.json says what there is")
        case web.HTTPRequestEntityTooLarge():
            return problem(error.status, "the body is larger than is taken here")
        case _:
            return problem(error.status, error.reason)
