"""The body of a request as JSON."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ldirectord_py.api.problems import RequestRefused


def json_object(raw: bytes, example: str) -> Mapping[str, Any]:
    """Return the JSON object that a body holds; raise `RequestRefused`, with an *example* of one."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise RequestRefused(HTTPStatus.BAD_REQUEST, f"the body is not JSON, such as {example}") from error
    if not isinstance(found, dict):
        sentence = f"the body is not a JSON object, such as {example}"
        raise RequestRefused(HTTPStatus.UNPROCESSABLE_ENTITY, sentence)
    return found
