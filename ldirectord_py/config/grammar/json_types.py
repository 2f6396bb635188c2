"""What values may be in YAML, as JSON Schema: the fragments that readers name."""

from collections.abc import Mapping, Sequence
from typing import Any

from ldirectord_py.model.checks.check_options import CheckType

Schema = Mapping[str, Any]

LARGEST = 2**31 - 1
"""Kernel and timers take signed 32-bit numbers."""


def one_of(words: Sequence[str | float]) -> Schema:
    """Return the schema of one of *words*."""
    return {"enum": list(words)}


def _number(kind: str, pattern: str, least: int, most: int = LARGEST) -> Schema:
    # A number in quotes is one too.
    return {"type": [kind, "string"], "minimum": least, "maximum": most, "pattern": pattern}


NOTHING: Schema = {"not": {}}
SWITCH: Schema = {"enum": [True, False, "yes", "no", "on", "off"]}
SWITCH_OR_NAME: Schema = {"type": ["boolean", "string"], "pattern": "^[^/:\\s]{1,15}$"}
COUNT = _number("integer", "^[0-9]+$", 1)
NUMBER = _number("integer", "^[0-9]+$", 0)
PORT = _number("integer", "^[0-9]+$", 1, 65535)
DECIMAL = _number("number", r"^[0-9]{1,9}(\.[0-9]{1,9})?$", 0)
PERCENT = _number("integer", "^(100|[0-9]{1,2}) *%?$", 0, 100)
LISTEN = _number("integer", "^[][0-9A-Fa-f.:]+$", 1, 65535)
STATUSES: Schema = {
    "type": ["integer", "string"],
    "minimum": 100,
    "maximum": 599,
    "pattern": r"^[0-9]+(\s*-\s*[0-9]+)?(\s*,\s*[0-9]+(\s*-\s*[0-9]+)?)*$",
}
WORD: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_]+$"}
LOWER_CASE: Schema = {"type": "string", "pattern": "^[a-z]+$"}
WORDS: Schema = {"type": "string", "pattern": r"^[a-z]+(\s*,\s*[a-z]+)*$"}
CHECKTYPE: Schema = {
    "anyOf": [
        one_of([kind.value for kind in CheckType if kind is not CheckType.COMBINED]),
        NUMBER,
        # what YAML 1.1 makes of on and off
        {"type": "boolean"},
    ]
}
ABSOLUTE_PATH: Schema = {"type": "string", "pattern": "^/"}
TEXT: Schema = {"type": ["string", "number", "boolean"]}
"""Whatever a plain word looks like to YAML, its letters count."""
