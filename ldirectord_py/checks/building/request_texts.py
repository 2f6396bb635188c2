"""What a check asks, in words for people: without passwords, and without what comes from outside the configuration."""

import re

from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.check_options import CheckedServer, CheckOptions

HIDDEN = "***"
LONGEST = 120
"""Bytes of a request that are shown."""

_USERINFO = re.compile(r"//[^/\s]*@")


def request_of(options: CheckOptions, server: CheckedServer) -> str:
    """Return what *server* is asked for: its own request, or else its virtual's."""
    return options.request if server.request is None else server.request


def receive_of(options: CheckOptions, server: CheckedServer) -> str:
    """Return what the answer of *server* has to match: its own pattern, or else its virtual's; empty: none."""
    return options.receive if server.receive is None else server.receive


def shown_request(options: CheckOptions, server: CheckedServer, text: str) -> str:
    """Return *text*, which the request has become, as it may be shown."""
    hidden = "request" in options.veiled if server.request is None else server.veiled
    return HIDDEN if hidden else printable(text)


def shown(options: CheckOptions, directive: str, text: str) -> str:
    """Return *text*, which the value of *directive* has become, as it may be shown."""
    return HIDDEN if directive in options.veiled else printable(text)


def printable(text: str) -> str:
    """Return *text* on one line, cut with `...` where it is longer than `LONGEST`, and URLs without who logs in."""
    return quoted(_USERINFO.sub("//", text).encode("utf-8", "surrogateescape"), LONGEST)[1:-1]
