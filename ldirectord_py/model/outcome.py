"""What one check found."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with its reason and a sentence for the operator (at most 200 characters, never a secret)."""

    verdict: Verdict
    reason: Reason
    detail: str


LONGEST_DETAIL = 200


def up(detail: str = "") -> Outcome:
    """Return the outcome of a check that found the server serving."""
    return Outcome(Verdict.UP, Reason.OK, detail[:LONGEST_DETAIL])


def down(reason: Reason, detail: str) -> Outcome:
    """Return the outcome of a check that found the server not serving."""
    return Outcome(Verdict.DOWN, reason, detail[:LONGEST_DETAIL])


def fault(why: CheckUnavailable) -> Outcome:
    """Return the outcome of a check that we could not carry out ourselves; nothing but that error makes one."""
    return Outcome(Verdict.FAULT, Reason.LOCAL, str(why)[:LONGEST_DETAIL])
