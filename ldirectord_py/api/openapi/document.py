"""The document: every path with what it takes, what it answers, and with which problems."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ldirectord_py.api.idempotency import KEY, LONGEST_KEY
from ldirectord_py.api.openapi.forms import NUMBER, TEXT, Schema, ref
from ldirectord_py.api.openapi.schemas import SCHEMAS
from ldirectord_py.api.queries import MOST_EVENTS
from ldirectord_py.api.views.virtuals import VIEWS
from ldirectord_py.model.snapshot import StatusWord

_JSON = "application/json"
_DESCRIPTION = """\
What ldirectord knows can be asked here, and operators give their commands.

Over the unix socket next to the pid file root, the daemon's own user and the members of `apigroup` may do everything,
those of `apireadgroup` may read. Where `statuslisten` says, anyone may read, and who has a token of `apitokens`
or, over TLS, a certificate that `apiclients` lists, may write.
All times are seconds since the epoch.
"""


def document(version: str) -> Mapping[str, Any]:
    """Return the document for this *version* of the program."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ldirectord_py",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": _PATHS,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _query(name: str, schema: Schema, description: str, *, required: bool = False) -> Mapping[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema, "description": description}


def _problems(*statuses: HTTPStatus) -> Mapping[str, Any]:
    content = {"application/problem+json": {"schema": ref("Problem")}}
    common = (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.MISDIRECTED_REQUEST,
    )
    away = (HTTPStatus.SERVICE_UNAVAILABLE,)
    return {
        str(int(status)): {"description": status.phrase, "content": content} for status in (*statuses, *common, *away)
    }


def _json(schema: Schema) -> Mapping[str, Any]:
    return {_JSON: {"schema": schema}}


def _get(
    summary: str, name: str, content: Mapping[str, Any], *parameters: Mapping[str, Any], **more: Any
) -> Mapping[str, Any]:
    """Return a path where *content* is to be had; *name* names the operation, *more* are its problems by status."""
    statuses = [HTTPStatus[each] for each in more.get("problems", ())]
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "parameters": list(parameters),
            "responses": {"200": {"description": "The answer", "content": content}, **_problems(*statuses)},
            "security": [{}, {"token": []}],
        }
    }


def _post(summary: str, name: str, body: Schema, answer: Schema, *parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    statuses = (
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    )
    return {
        "post": {
            "operationId": name,
            "summary": summary,
            "parameters": list(parameters),
            "requestBody": {"required": True, "content": _json(body)},
            "responses": {"200": {"description": "It is done", "content": _json(answer)}, **_problems(*statuses)},
            "security": [{}, {"token": []}],
        }
    }


_TARGET: Schema = {
    **TEXT,
    "minLength": 1,
    "description": "REAL@VIRTUAL, REAL if only one virtual service has it, a host, or a virtual service",
}
_WHOLE: Schema = {"type": "integer", "minimum": 0, "maximum": 2**53}
_MONITORING = {"text/plain": {"schema": TEXT}}
_NAMES = "NOT_FOUND", "CONFLICT"

_EVENTS = (
    _query("after", _WHOLE, "events with a higher id"),
    _query("since", {**NUMBER, "minimum": 0, "maximum": 2**53}, "events from this moment on"),
    _query("real", _TARGET, "events about whom this names"),
    _query("kind", TEXT, "kinds of events, or names of their lines, with commas between them"),
    _query("limit", {"type": "integer", "minimum": 0, "maximum": MOST_EVENTS}, "so many at most"),
    _query("last_event_id", _WHOLE, "with Server-Sent Events: the last event that the reader has"),
    {
        "name": "Last-Event-ID",
        "in": "header",
        "required": False,
        "schema": _WHOLE,
        "description": "the same, as browsers send it",
    },
)
_VIRTUALS = (
    _query("view", {"enum": list(VIEWS), "default": "full"}, "all servers; those that are not up; names alone"),
    _query("state", {"enum": [str(word) for word in StatusWord]}, "servers in this state; several with commas"),
    _query("filter", TEXT, "what has to occur in the name of a server or of its virtual service"),
)
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {**TEXT, "minLength": 1, "maxLength": LONGEST_KEY, "pattern": KEY},
    "description": "the same key within ten minutes: the same answer, and nothing is done twice",
}
_PATHS: Mapping[str, Any] = {
    "/v1/status": _get("What runs, and how it fares", "status", _json(ref("Status"))),
    "/v1/virtuals": _get("All virtual services", "virtuals", _json(ref("Virtuals")), *_VIRTUALS),
    "/v1/virtuals/{virtual}": _get(
        "One virtual service",
        "virtual",
        _json(ref("Virtual")),
        {"name": "virtual", "in": "path", "required": True, "schema": {**TEXT, "examples": ["tcp:10.0.0.1:80"]}},
        problems=("NOT_FOUND",),
    ),
    "/v1/reals": _get(
        "Real servers",
        "reals",
        _json(ref("Servers")),
        _query("target", _TARGET, "whom this names; all, if it is left out"),
        problems=_NAMES,
    ),
    "/v1/history": _get(
        "What happened to servers, and what their checks found",
        "history",
        _json(ref("Histories")),
        _query("target", _TARGET, "whom this names", required=True),
        problems=_NAMES,
    ),
    "/v1/events": _get(
        "What happened; as it happens with `Accept: text/event-stream`",
        "events",
        {**_json(ref("Events")), "text/event-stream": {"schema": TEXT}},
        *_EVENTS,
        problems=_NAMES,
    ),
    "/v1/config": _get("The configuration in force, and where it comes from", "config", _json(ref("Configuration"))),
    "/v1/plan": _get("What a reload would change now", "plan", _json(ref("Plan")), problems=("CONFLICT",)),
    "/v1/metrics-lite": _get("A dozen numbers", "numbers", _json(ref("Numbers"))),
    "/v1/openapi.json": _get("This document", "document", _json({"type": "object"})),
    "/v1/commands": _post(
        "Drain, maintain, enable, give a weight, check, or reload",
        "command",
        ref("Command"),
        {"anyOf": [ref("CarriedOut"), ref("Reloaded")]},
        _KEY,
    ),
    "/v1/check": _post(
        "Check servers once, now, and tell each step; nothing follows from what is found",
        "check",
        {"type": "object"},
        ref("Traces"),
        _query("target", _TARGET, "whom this names", required=True),
    ),
    "/-/healthy": _get("Whether the director makes progress", "healthy", _MONITORING),
    "/-/ready": _get("Whether every server has been checked once", "ready", _MONITORING),
}
