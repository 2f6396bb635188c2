"""How the values of `httpstatus` and `httpheader` are written."""

import re

from ldirectord_py.config.grammar import json_types
from ldirectord_py.config.grammar.directive import Reader, Unreadable, shown
from ldirectord_py.model.checks.check_options import Header

_RANGE = re.compile(r"([0-9]+)(?:\s*-\s*([0-9]+))?", re.ASCII)
_LEAST, _MOST = 100, 599
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header, RFC 9110 §5.1 and §5.6.2."""
_NO_VALUE = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
"""What may not stand in the value of a header, RFC 9110 §5.5."""

_OURS = "the check itself says how long its request is and that the connection ends with the answer"
_REFUSED = {
    "host": "the check sends its own; set virtualhost instead",
    "content-length": _OURS,
    "transfer-encoding": _OURS,
    "connection": _OURS,
    "keep-alive": _OURS,
    "te": _OURS,
    "upgrade": "the check speaks HTTP/1.1 and nothing else",
}
"""Headers that would make another request of it, in lower case, and why that is not for the configuration."""


def _statuses(text: str) -> frozenset[int]:
    return frozenset(status for part in text.split(",") for status in _range(part.strip()))


def _range(part: str) -> range:
    if not (match := _RANGE.fullmatch(part)):
        where = f"at '{shown(part)}'" if part else "between two commas or at an end"
        raise Unreadable(f"expected codes and ranges with commas between them, such as 200-299,401, {where}")
    first, last = int(match[1][:12]), int((match[2] or match[1])[:12])
    for status in (first, last):
        if not _LEAST <= status <= _MOST:
            raise Unreadable(f"expected statuses from {_LEAST} to {_MOST}, and {status} is none")
    if first > last:
        raise Unreadable(f"the range {first}-{last} ends before it begins; write {last}-{first}")
    return range(first, last + 1)


def _header(text: str) -> Header:
    # The messages show names only: a value may be somebody's password.
    inner = text[1 : text.rindex('"')] if text.startswith('"') and text.rfind('"') > 0 else text
    name, colon, value = inner.partition(":")
    if not colon:
        raise Unreadable("expected NAME: VALUE, such as X-Probe: ldirectord, but there is no colon", complete=True)
    if not _TOKEN.fullmatch(name):
        expected = "expected letters, digits and any of !#$%&'*+-.^_`|~ in front of the colon"
        raise Unreadable(f"the name of a header is malformed: {expected}, without blanks", complete=True)
    if reason := _REFUSED.get(name.lower()):
        raise Unreadable(f"{name} cannot be set here: {reason}", complete=True)
    if _NO_VALUE.search(value):
        raise Unreadable(f"the value of {name} has a control character in it", complete=True)
    return Header(name, value.strip(" \t"))


def _write_statuses(statuses: frozenset[int]) -> str:
    firsts = sorted(status for status in statuses if status - 1 not in statuses)
    lasts = sorted(status for status in statuses if status + 1 not in statuses)
    return ",".join(str(one) if one == last else f"{one}-{last}" for one, last in zip(firsts, lasts, strict=True))


def _write_header(header: Header) -> str:
    return f'"{header.name}: {header.value}"'


STATUSES = Reader("STATUS[-STATUS],…", _statuses, _write_statuses, between=",", schema=json_types.STATUSES)
HEADER = Reader('NAME: VALUE or "NAME: VALUE"', _header, _write_header, quoted=True)
