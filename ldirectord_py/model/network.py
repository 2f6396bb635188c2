"""What an error of the network says of a server, and which errors are our own."""

import errno
import os
from typing import NoReturn

from ldirectord_py.model.checks.outcome import NETWORK_SILENT, Outcome, Reason, down
from ldirectord_py.model.errors import CheckUnavailable

_OF_THE_SERVER = {
    errno.ECONNREFUSED: (Reason.REFUSED, "connection refused"),
    errno.ECONNRESET: (Reason.RESET, "the server reset the connection"),
    errno.EPIPE: (Reason.RESET, "the server closed the connection while we were sending"),
    errno.ENOTCONN: (Reason.RESET, "the server reset the connection"),
    errno.ECONNABORTED: (Reason.RESET, "the connection was aborted"),
    errno.ETIMEDOUT: (Reason.TIMEOUT, f"{NETWORK_SILENT} (ETIMEDOUT)"),
    errno.EHOSTUNREACH: (Reason.UNREACHABLE, "the server does not answer on its network (no route to host)"),
    errno.EHOSTDOWN: (Reason.UNREACHABLE, "the server is down on its network (host is down)"),
    errno.ENOPROTOOPT: (Reason.UNREACHABLE, "the server has no such protocol"),
    errno.EMSGSIZE: (Reason.PROTOCOL, "the message does not fit the path to the server"),
}
"""By error number: why the server is down, and a sentence."""

_ON_THE_WAY = {
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
"""What is said of some errors of a system call that opens a connection; those not listed are ours there, too."""

_ONLY_OURS = frozenset((errno.ENOBUFS, errno.ENOMEM, errno.EPERM, errno.ENETDOWN, errno.EMFILE, errno.ENFILE))
"""Errors that no packet brings: the kernel refuses to send, because memory or a firewall on this machine forbids it."""


def outcome_of_errno(number: int | None) -> Outcome:
    """Return what error *number* of an open connection means: it came after bytes of the peer's, so it is *down*."""
    if number in _OF_THE_SERVER:
        return down(*_OF_THE_SERVER[number])
    if number in _ON_THE_WAY:
        return down(*_ON_THE_WAY[number])
    what = f"{os.strerror(number)} (errno {number})" if number else "the connection failed"
    return down(Reason.UNREACHABLE, f"the connection to the server failed: {what}")


def outcome_of_opening(number: int) -> Outcome:
    """Return what error *number* of a system call that opens a connection says of the server.

    Raises `CheckUnavailable` where it is our own.
    """
    if number in _OF_THE_SERVER:
        return down(*_OF_THE_SERVER[number])
    raise CheckUnavailable(_of_ours(number))


def raise_of_opening(number: int) -> NoReturn:
    """Raise what error *number* of a system call that opens a connection is: `OSError`, or `CheckUnavailable`."""
    if number in _OF_THE_SERVER:
        raise OSError(number, os.strerror(number))
    raise CheckUnavailable(_of_ours(number))


def raise_if_ours(error: OSError) -> None:
    """Raise `CheckUnavailable` where *error*, of a call that sends, is this machine's and not the network's."""
    if error.errno in _ONLY_OURS:
        raise CheckUnavailable(_of_ours(error.errno)) from error


def _of_ours(number: int) -> str:
    return _OF_OURS.get(number) or f"{os.strerror(number)} (errno {number})"
