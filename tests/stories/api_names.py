"""A hook of Schemathesis: what is asked and commanded is mostly about somebody who is there, and not done before.

The names are those of the environment variable API_NAMES, with blanks between them.  What becomes of a request depends
on that request alone, so that the same one comes again when it is tried anew.
"""

import os
import re
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import schemathesis

from ldirectord_py.api.idempotency import KEY, LONGEST_KEY

NAMES = os.environ["API_NAMES"].split()
IDEMPOTENCY = "Idempotency-Key"


def _naming(fields: Any, *keys: str) -> Any:
    """Return *fields* with somebody's name under those of *keys* that have a text, in three of four requests."""
    if not isinstance(fields, Mapping):
        return fields
    number = crc32(repr(sorted(fields.items(), key=repr)).encode(errors="replace"))
    chosen = {key: NAMES[number // 8 % len(NAMES)] for key in keys if fields.get(key) and isinstance(fields[key], str)}
    if number % 4 == 0 or not chosen:
        return fields
    forced = {"force": bool(number & 4)} if isinstance(fields.get("force"), bool) else {}
    return {**fields, **chosen, **forced}


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Name somebody in a question or a command, and give each command a key of its own, where it has a sound one."""
    case.body = _naming(case.body, "target")
    case.query = _naming(case.query, "target", "real", "filter")
    case.path_parameters = _naming(case.path_parameters, "virtual")
    key = (case.headers or {}).get(IDEMPOTENCY)
    if isinstance(key, str) and len(key) <= LONGEST_KEY and re.fullmatch(KEY, key):
        case.headers[IDEMPOTENCY] = f"{crc32(repr(case.body).encode(errors='replace'))}"
