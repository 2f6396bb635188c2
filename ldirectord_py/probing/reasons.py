"""What an error of the network says, and of whom."""

import errno
import os
import ssl

from ldirectord_py.model.checking import PeerClosed, PeerTooLong
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.network import OF_THE_SERVER
from ldirectord_py.model.outcome import Outcome, Reason, down, fault
from ldirectord_py.probing.tls_reasons import tls_sentence

HELD_UP = 0.5
"""Seconds: where a deadline is looked at so late, the server may have answered and we did not look."""

_FROM_THE_NETWORK = {
    errno.ENETUNREACH: (Reason.UNREACHABLE, "a router has no route to the server's network (network unreachable)"),
    errno.EACCES: (Reason.UNREACHABLE, "a firewall on the way forbids it (administratively prohibited)"),
    errno.ENONET: (Reason.UNREACHABLE, "a router finds the server's network isolated"),
    errno.EOPNOTSUPP: (Reason.UNREACHABLE, "the server's network refuses the message"),
}
"""Errors that are ours when a system call fails at once, and the network's when ICMP brings them later."""

_OF_OURS = {
    errno.EMFILE: "too many open files: raise LimitNOFILE or check fewer servers at once",
    errno.ENFILE: "the system has too many open files (fs.file-max)",
    errno.ENOBUFS: "the kernel has no buffers left",
    errno.ENOMEM: "the kernel has no memory left",
    errno.ENETUNREACH: "this director has no route to the server's network",
    errno.ENETDOWN: "the interface towards the server is down",
    errno.EADDRNOTAVAIL: "this director has no local address or port left for the connection",
    errno.EACCES: "not allowed to send there (firewall or missing capability)",
    errno.EPERM: "not allowed to send there (firewall or missing capability)",
    errno.EAFNOSUPPORT: "this director does not speak the server's address family",
    errno.EPROTONOSUPPORT: "this director's kernel does not speak the check's protocol",
}
"""Errors that say nothing about the server: its health stays as it is."""


def outcome_of_errno(number: int, *, from_network: bool) -> Outcome:
    """Return what error *number* means: mostly the server's doing, sometimes ours.

    *from_network*: it came after the system call that opens the connection had succeeded.
    """
    if number in OF_THE_SERVER:
        return down(*OF_THE_SERVER[number])
    if from_network and number in _FROM_THE_NETWORK:
        return down(*_FROM_THE_NETWORK[number])
    return fault(_OF_OURS.get(number) or f"{os.strerror(number)} (errno {number})")


def outcome_of(error: Exception) -> Outcome | None:
    """Return what an error raised within a conversation means, or None where it is no error of the network."""
    match error:
        case PeerClosed():
            return down(Reason.CLOSED, str(error) or "the server ended the connection before its answer was complete")
        case PeerTooLong():
            return down(Reason.TOO_LONG, str(error) or "the server sent more than any answer should need")
        case CheckUnavailable():
            return fault(str(error))
        case ssl.SSLError():
            return down(Reason.TLS, f"TLS failed: {tls_sentence(error)}")
        case OSError() if error.errno is not None:
            return outcome_of_errno(error.errno, from_network=True)
        case _:
            return None


def outcome_of_delay(seconds: float) -> Outcome:
    """Return what stands for an outcome where we looked at a deadline *seconds* late: it says more of us."""
    return fault(f"this director itself was held up for {seconds:.1f} s")


def outcome_of_bug(error: Exception) -> Outcome:
    """Return what stands for an outcome where a check itself failed: nothing that is said of the server."""
    # The error's own words may hold what a library was told; the log has them, without the secrets.
    return fault(f"the check has a bug: {type(error).__name__}")
