"""Values that the original takes and that can hardly be what was meant."""

import re
from ipaddress import IPv4Address

from ldirectord_py.config.grammar.diagnostics import Diagnostics
from ldirectord_py.config.grammar.directive import quoted, shown
from ldirectord_py.config.grammar.directives import check_directives as d
from ldirectord_py.config.grammar.values import Values

_SCHEME = re.compile(r"[a-z]+://", re.ASCII | re.IGNORECASE)
_NAME_IN_URL = re.compile(r"(?:[a-z]+://)?([^/?\s]*)", re.ASCII | re.IGNORECASE)
_NO_HOST = re.compile(r"[/?\s]")


def doubt(values: Values, diagnostics: Diagnostics) -> None:
    """Warn of what the directives of a section can hardly mean."""
    for entry in values.each(d.VIRTUALHOST):
        host = (entry.value or "").rstrip()
        if not host or entry.redacted or not _NO_HOST.search(host):
            continue
        name = match[1] if (match := _NAME_IN_URL.match(host)) else ""
        advice = f"write {shown(name)}" if name else "write a name such as www.example.org"
        kind = "a URL" if _SCHEME.match(host) else "more than a name"
        sentence = f"virtualhost: {quoted(host)} is {kind}, and is sent as the Host as it stands; {advice}"
        diagnostics.warning(entry.line, sentence, "surprising-value")


def hole_in(mask: IPv4Address) -> str:
    """Say what is wrong with a mask in which ones stand behind zeros; nothing where there are none."""
    inverted = ~int(mask) & 0xFFFFFFFF
    if not inverted & (inverted + 1):
        return ""
    return f"{mask} has a hole: no network looks like that; write a mask such as 255.255.255.0"
