"""The JSON Schema of `ldirectord.yaml`, for editors: made of the table of directives."""

from collections.abc import Iterable, Mapping
from typing import Any

from ldirectord_py.config.grammar import json_types
from ldirectord_py.config.grammar.directive import Directive, Scope
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.config.grammar.json_types import Schema
from ldirectord_py.config.grammar.server_lines import DEFAULT_WEIGHT
from ldirectord_py.config.grammar.virtual_line import LARGEST_MARK
from ldirectord_py.config.syntax.references import REFERENCES
from ldirectord_py.config.syntax.yaml_file import ASIDE, OPENINGS, asked
from ldirectord_py.config.syntax.yaml_servers import FALLBACK_KEYS, REAL_KEYS
from ldirectord_py.model.service import Forwarding

_LISTED = {"real", "real6"}
_OPENING_HELP = {
    "virtual": "ADDRESS:PORT of a virtual service",
    "virtual6": "[ADDRESS]:PORT of an IPv6 virtual service, in quotes",
    "mark": "The firewall mark that makes a virtual service",
    "mark6": "The same, of IPv6 packets",
}


def schema() -> dict[str, Any]:
    """Return the schema (JSON Schema, draft 2020-12)."""
    in_section = {name: row for name, row in rows(Scope.SECTION).items() if name not in _LISTED}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ldirectord.yaml",
        "description": "Virtual services of Linux Virtual Server, their real servers, and how those are checked",
        "type": ["object", "null"],
        "properties": {
            **_properties(rows(Scope.GLOBAL).values()),
            "defaults": {"description": "What every virtual says that does not say otherwise", **_object(in_section)},
            "virtuals": {
                "description": "The virtual services",
                "type": "array",
                "items": {"$ref": "#/$defs/virtual"},
            },
        },
        "patternProperties": {f"^{ASIDE}": {"description": "Ignored: a place for anchors"}},
        "additionalProperties": False,
        "$defs": {
            "text": {"anyOf": [json_types.TEXT, *map(_reference, REFERENCES)]},
            "checks": {
                "description": "Checks that a real server has to pass, all of them",
                "type": "array",
                "minItems": 1,
                "items": _object(asked()),
            },
            "fallback": {"anyOf": [json_types.TEXT, _keys(FALLBACK_KEYS, ["address"])]},
            "real": {"anyOf": [json_types.TEXT, _real()]},
            "virtual": _virtual(in_section),
        },
    }


def _virtual(in_section: Mapping[str, Directive[Any]]) -> Schema:
    openings = {key: {"description": _OPENING_HELP[key], **_opening(key)} for key in OPENINGS}
    reals = {"description": "The real servers", "type": "array", "items": {"$ref": "#/$defs/real"}}
    return {
        **_object(in_section, {**openings, "reals": reals}),
        "oneOf": [{"required": [key]} for key in OPENINGS],
    }


def _opening(key: str) -> Schema:
    if key.startswith("mark"):
        return {"type": ["integer", "string"], "minimum": 1, "maximum": LARGEST_MARK, "pattern": "^[0-9]+$"}
    return {"type": ["string", "integer"]}


def _real() -> Schema:
    return {**_keys(REAL_KEYS, ["forwarding"]), "oneOf": [{"required": ["address"]}, {"required": ["range"]}]}


def _keys(keys: Iterable[str], required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": {key: _KEYS[key] for key in keys},
        "required": required,
        "additionalProperties": False,
    }


_KEYS: Mapping[str, Schema] = {
    "address": {"description": "An address or a name", **json_types.TEXT},
    "range": {"description": "The first and the last of several addresses: 10.0.0.1->10.0.0.9", "type": "string"},
    "port": {"description": "A number, or a name of /etc/services", "type": ["integer", "string"]},
    "forwarding": {
        "description": "How packets get to the server",
        **json_types.one_of([str(way) for way in Forwarding]),
    },
    "weight": {"description": f"Its share of the connections; by default {DEFAULT_WEIGHT}", **json_types.NUMBER},
    "request": {"description": "What this server is asked for", "$ref": "#/$defs/text"},
    "receive": {"description": "What this server's answer has to match", "$ref": "#/$defs/text"},
    "lower": {"description": "Below so many connections an overloaded server gets new ones again", **json_types.NUMBER},
    "upper": {"description": "From so many connections on it gets no new ones", **json_types.NUMBER},
    "checks": {"description": "Its own checks, instead of its virtual's", "$ref": "#/$defs/checks"},
}


def _reference(kind: str) -> Schema:
    return {"type": "object", "properties": {kind: json_types.TEXT}, "required": [kind], "additionalProperties": False}


def _object(table: Mapping[str, Directive[Any]], more: Mapping[str, Schema] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**(more or {}), **_properties(table.values())},
        "additionalProperties": False,
    }


def _properties(these: Iterable[Directive[Any]]) -> dict[str, Schema]:
    return {row.name: {"description": row.help, **_value(row)} for row in these}


def _value(row: Directive[Any]) -> Schema:
    if row.name in {"fallback", "fallback6"}:
        return {"$ref": "#/$defs/fallback"}
    one: Schema = {"$ref": "#/$defs/text"} if row.reader.schema is None else row.reader.schema
    if row.repeated:
        return {"anyOf": [one, {"type": "array", "items": one}]}
    if row.reader.between is not None:
        return {"anyOf": [one, {"type": "array", "items": json_types.TEXT}]}
    return one
