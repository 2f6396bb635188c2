"""What an error raised within a check means."""

import ssl

from ldirectord_py.model.checks.conversation import PeerClosed, PeerTooLong
from ldirectord_py.model.checks.outcome import TLS_FAILED, Outcome, Reason, down, fault
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.network import outcome_of_errno, raise_if_ours
from ldirectord_py.probing.tls_handshake import HandshakeRefused
from ldirectord_py.probing.tls_reasons import tls_sentence

HELD_UP = 0.5
"""Seconds: where a deadline is looked at so late, the server may have answered and we did not look."""


def outcome_of(error: Exception) -> Outcome | None:
    """Return what an error raised within a conversation means, or None where it is a bug in a check."""
    match error:
        case PeerClosed():
            return down(Reason.CLOSED, str(error) or "the server ended the connection before its answer was complete")
        case PeerTooLong():
            return down(Reason.TOO_LONG, str(error) or "the server sent more than any answer should need")
        case CheckUnavailable():
            return fault(error)
        case ssl.SSLError() | HandshakeRefused():
            return down(Reason.TLS, f"{TLS_FAILED}: {tls_sentence(error)}")
        case OSError():
            return outcome_of_errno(error.errno)
        case _:
            return None


def outcome_of_sending(error: OSError) -> Outcome:
    """Return what *error* of a call that sends means."""
    try:
        raise_if_ours(error)
    except CheckUnavailable as unavailable:
        return fault(unavailable)
    return outcome_of_errno(error.errno)


def outcome_of_delay(seconds: float) -> Outcome:
    """Return what stands for an outcome where we looked at a deadline *seconds* late: it says more of us."""
    return fault(CheckUnavailable(f"this director itself was held up for {seconds:.1f} s"))


def outcome_of_bug(error: Exception) -> Outcome:
    """Return the outcome of a check that failed by a bug: down, for it is the server's answer that leads there."""
    # The error's own words may hold what a library was told; the log has them, without the secrets.
    return down(Reason.LOCAL, f"the check has a bug: {type(error).__name__}")
