"""What a client is told when it does not get what it asked for: problem details (RFC 9457)."""

import asyncio
import json
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from ldirectord_py.model.errors import AmbiguousTarget, DirectorError, NotDirecting, UnknownTarget

CONTENT_TYPE = "application/problem+json"
_URIS = "https://ldirectord-py.invalid/problems/"


class RequestRefused(Exception):
    """Ends a request with a problem; *detail* is one sentence for whoever asked."""

    def __init__(
        self, status: HTTPStatus, detail: str, *, kind: str = "", candidates: Collection[str] | None = None
    ) -> None:
        """*kind* names the problem for programs, where the status does not; *candidates* are names that come close."""
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.extras: Mapping[str, Any] = {} if candidates is None else {"candidates": list(candidates)}


def problem(
    status: int,
    detail: str,
    *,
    kind: str = "",
    extras: Mapping[str, Any] | None = None,
    allow: str = "",
) -> web.Response:
    """Return the response that tells of a problem."""
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
    return web.Response(status=status, text=json.dumps(told), content_type=CONTENT_TYPE, headers=headers)


@web.middleware
async def tell_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever keeps a request from being answered with a problem."""
    try:
        return await handler(request)
    except RequestRefused as refused:
        return problem(refused.status, str(refused), kind=refused.kind, extras=refused.extras)
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
        case NotDirecting():
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        case AmbiguousTarget():
            return problem(HTTPStatus.CONFLICT, str(error), kind="ambiguous", extras={"candidates": error.candidates})
        case UnknownTarget():
            return problem(HTTPStatus.NOT_FOUND, str(error), kind="unknown", extras={"candidates": error.candidates})
        case _:
            return problem(HTTPStatus.CONFLICT, str(error))


def _of_aiohttp(request: web.Request, error: web.HTTPException) -> web.Response:
    match error:
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return problem(error.status, f"{request.path} takes {allowed}, not {request.method}", allow=allowed)
        case web.HTTPNotFound():
            return problem(error.status, f"there is nothing at {request.path}; /v1/openapi.json says what there is")
        case _:
            return problem(error.status, error.reason)
