"""Servers that connect, answer and are gone before anybody has looked."""

import errno
import socket

_OF_CONNECTIONS = frozenset((errno.ECONNRESET, errno.EPIPE))
"""Errors of a connection that was established."""


def has_answered(opened: socket.SocketType, number: int) -> bool:
    """Return whether there is an answer to be read from *opened*, though its connection has met the error *number*."""
    if number not in _OF_CONNECTIONS:
        return False
    try:
        return bool(opened.recv(1, socket.MSG_PEEK))
    except OSError:
        return False
