"""What a check asks, in words for people: without passwords, and without what comes from outside the configuration."""

import re

from ldirectord_py.checks.quoting import quoted

HIDDEN = "***"
LONGEST = 120
"""Bytes of a request that are shown."""

_USERINFO = re.compile(r"//[^/\s]*@")


def printable(text: str) -> str:
    """Return *text* on one line, cut with `...` where it is longer than `LONGEST`, and URLs without who logs in."""
    return quoted(_USERINFO.sub("//", text).encode("utf-8", "surrogateescape"), LONGEST)[1:-1]
