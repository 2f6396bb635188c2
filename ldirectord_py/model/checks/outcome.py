"""What one check found."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from ldirectord_py.model.errors import CheckUnavailable


class Verdict(StrEnum):
    """Up and down speak of the server; fault speaks of ourselves and leaves the server's health as it is."""

    UP = "up"
    DOWN = "down"
    FAULT = "fault"


class Reason(StrEnum):
    """Why a check ended as it did: a closed set, used in logs, metrics and JSON."""

    OK = "ok"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CLOSED = "closed"  # the peer ended the conversation too early
    RESET = "reset"
    TLS = "tls"
    PROTOCOL = "protocol"  # not what this protocol looks like
    STATUS = "status"  # a proper answer that says no
    MISMATCH = "mismatch"  # a proper answer without what `receive` asks for
    TOO_LONG = "too_long"  # more than we are willing to read
    EXIT = "exit"  # an external program said no
    MAINTENANCE = "maintenance"  # taken out by the operator, and not asked
    LOCAL = "local"  # our own fault


class Phase(StrEnum):
    """A part of a conversation over one connection; the words are those of blackbox_exporter."""

    CONNECT = "connect"
    TLS = "tls"
    PROCESSING = "processing"
    """From what was asked to the first byte of the answer."""
    TRANSFER = "transfer"
    """From there to the verdict."""


PhaseTimes = tuple[tuple[Phase, float], ...]
"""How many seconds each phase took that has come to its end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with its reason and a sentence for the operator (at most 200 characters, never a secret)."""

    verdict: Verdict
    reason: Reason
    detail: str
    phases: PhaseTimes = field(default=(), compare=False, repr=False)
    """None, unless somebody wants to know them."""


@dataclass(frozen=True, slots=True)
class CheckedOnce:
    """What one check of a server has found."""

    outcome: Outcome
    asked: str
    """See `Probe.asked`."""


LONGEST_DETAIL = 200

NO_CONNECTION = "no connection within"
NETWORK_SILENT = "no answer from the network"
TLS_FAILED = "TLS failed"
"""How details begin that say at which layer a check failed: see `code`."""

_CODES = {
    Reason.OK: "OK",
    Reason.TIMEOUT: "L7TOUT",
    Reason.REFUSED: "L4CON",
    Reason.UNREACHABLE: "L4CON",
    Reason.CLOSED: "L7RSP",
    Reason.RESET: "L4CON",
    Reason.TLS: "L6RSP",
    Reason.PROTOCOL: "L7RSP",
    Reason.STATUS: "L7STS",
    Reason.MISMATCH: "REGEX",
    Reason.TOO_LONG: "L7RSP",
    Reason.EXIT: "EXIT",
    Reason.MAINTENANCE: "MAINT",
    Reason.LOCAL: "LOCAL",
}

CODES = (*dict.fromkeys(_CODES.values()), "L4TOUT", "CERT")
"""Whatever `code` may return."""
_ONE_OF_SEVERAL = re.compile(r"check \d+ of \d+: ")
"""Stands before the detail where a server has to pass several checks."""


def code(reason: Reason, detail: str = "") -> str:
    """Return *reason* as HAProxy's statistics name it (its management guide, `check_status`), where they have a word.

    A layer is named where the *detail* of the outcome tells it.  A timeout of which it is not known whether there was
    a connection is one of layer 7: no valid answer came in time.
    """
    said = detail[match.end() :] if (match := _ONE_OF_SEVERAL.match(detail)) else detail
    if reason is Reason.TIMEOUT and said.startswith((NO_CONNECTION, NETWORK_SILENT)):
        return "L4TOUT"
    if reason is Reason.TLS and said and not said.startswith(TLS_FAILED):
        return "CERT"
    return _CODES[reason]


def up(detail: str = "") -> Outcome:
    """Return the outcome of a check that found the server serving."""
    return Outcome(Verdict.UP, Reason.OK, detail[:LONGEST_DETAIL])


def down(reason: Reason, detail: str) -> Outcome:
    """Return the outcome of a check that found the server not serving."""
    return Outcome(Verdict.DOWN, reason, detail[:LONGEST_DETAIL])


def fault(why: CheckUnavailable) -> Outcome:
    """Return the outcome of a check that we could not carry out ourselves; nothing but that error makes one."""
    return Outcome(Verdict.FAULT, Reason.LOCAL, str(why)[:LONGEST_DETAIL])
