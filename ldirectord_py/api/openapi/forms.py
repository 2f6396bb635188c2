"""The words in which forms are written, as JSON Schema (2020-12)."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}


def words(kinds: Any) -> Schema:
    """Return the schema of one of several words."""
    return {"type": "string", "enum": [str(kind) for kind in kinds]}


def maybe(schema: Schema) -> Schema:
    """Return the schema of a value that may be null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def form(description: str, properties: Mapping[str, Schema], *optional: str, more: bool = False) -> Schema:
    """Return the schema of an object with *properties*, all of which are there but the *optional* ones."""
    return {
        "type": "object",
        "description": description,
        "required": [name for name in properties if name not in optional],
        "properties": dict(properties),
        "additionalProperties": more,
    }


def listed(name: str) -> Schema:
    """Return the schema of a list of the form *name*."""
    return {"type": "array", "items": ref(name)}


def ref(name: str) -> Schema:
    """Return what refers to the form *name*."""
    return {"$ref": f"#/components/schemas/{name}"}


MOMENT: Schema = {"type": "number", "description": "seconds since the epoch"}
