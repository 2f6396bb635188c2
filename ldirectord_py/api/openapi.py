"""The API's own description: an OpenAPI 3.1 document."""

from collections.abc import Mapping
from typing import Any

from ldirectord_py.api.tracing import OPERATION


def document(version: str) -> Mapping[str, Any]:
    """Return the document for this *version* of the program."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "ldirectord_py", "version": version},
        "paths": {
            "/v1/status": {},
            "/v1/virtuals": {},
            "/v1/virtuals/{virtual}": {},
            "/v1/reals": {},
            "/v1/commands": {},
            "/v1/check": {"post": OPERATION},
        },
    }
