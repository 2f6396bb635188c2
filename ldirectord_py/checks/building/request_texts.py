"""What a check asks, in words for people: without passwords, and without what comes from outside the configuration."""

import re

from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.asking import Asking, Subject

HIDDEN = "***"
LONGEST = 120
"""Bytes of a request that are shown."""

_USERINFO = re.compile(r"//[^/\s]*@")


def request_of(asking: Asking, subject: Subject) -> str:
    """Return what *subject* is asked for: its own request, or else its virtual's."""
    return asking.request if subject.request is None else subject.request


def receive_of(asking: Asking, subject: Subject) -> str:
    """Return what the answer of *subject* has to match: its own pattern, or else its virtual's; empty: none."""
    return asking.receive if subject.receive is None else subject.receive


def shown_request(asking: Asking, subject: Subject, text: str) -> str:
    """Return *text*, which the request has become, as it may be shown."""
    hidden = "request" in asking.veiled if subject.request is None else subject.veiled
    return HIDDEN if hidden else printable(text)


def shown(asking: Asking, directive: str, text: str) -> str:
    """Return *text*, which the value of *directive* has become, as it may be shown."""
    return HIDDEN if directive in asking.veiled else printable(text)


def printable(text: str) -> str:
    """Return *text* on one line, cut with `...` where it is longer than `LONGEST`, and URLs without who logs in."""
    return quoted(_USERINFO.sub("//", text).encode("utf-8", "surrogateescape"), LONGEST)[1:-1]
