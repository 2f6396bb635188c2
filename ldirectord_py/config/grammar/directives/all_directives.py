"""All directives.  Each is one row: name, scope, how it is written, default, help.

| rows about | stand in |
|---|---|
| how servers are checked, and TLS | `check_directives.py` |
| virtual services, real servers and the table | `table_directives.py` |
| mail, hooks and other ways to tell somebody | `notification_directives.py` |
| the API and who may use it | `api_directives.py` |
| the director itself | `director_directives.py` |
| a director among others | `cluster_directives.py` |
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ldirectord_py.config.grammar.directive import Directive, Scope
from ldirectord_py.config.grammar.directives import (
    api_directives,
    check_directives,
    cluster_directives,
    director_directives,
    notification_directives,
    table_directives,
)

_MODULES = (
    check_directives,
    table_directives,
    notification_directives,
    api_directives,
    director_directives,
    cluster_directives,
)
_ROWS: tuple[Directive[Any], ...] = tuple(
    row for module in _MODULES for row in vars(module).values() if isinstance(row, Directive)
)


_BY_SCOPE = {
    scope: MappingProxyType({row.name: row for row in _ROWS if row.allowed(scope)})
    for scope in (Scope.GLOBAL, Scope.SECTION)
}


def rows(scope: Scope) -> Mapping[str, Directive[Any]]:
    """Return the rows that may stand in *scope*, which is GLOBAL or SECTION, by name."""
    return _BY_SCOPE[scope]


def redacted(line: str) -> str:
    """Return what a message may show of a *line* that is none: no value but of a directive that is no secret."""
    text = line.strip()
    name, equals, _ = text.partition("=")
    words = re.match(r"\w*", text, re.ASCII)
    first = words[0].lower() if words else ""
    row = _BY_SCOPE[Scope.SECTION].get(first) or _BY_SCOPE[Scope.GLOBAL].get(first)
    if row is not None:
        return f"{row.name} ***" if row.secret else text
    for secret in _SECRET:
        if first.startswith(secret):
            return f"{secret}***"
    return f"{name.rstrip()}=***" if equals else text


_SECRET = tuple(row.name for row in _ROWS if row.secret)
