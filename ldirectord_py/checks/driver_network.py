"""The network as a driver meets it, which has no prober to open its sockets and to tell it what their errors mean."""

import asyncio
import errno
import socket

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import NETWORK_SILENT, Outcome, Reason, down
from ldirectord_py.model.checks.probe import Origin
from ldirectord_py.model.network import outcome_of_errno, raise_of_opening
from ldirectord_py.system.early_answers import has_answered
from ldirectord_py.system.socket_binding import bind


async def connect(endpoint: Endpoint, origin: Origin | None) -> socket.socket:
    """Return a socket connected to *endpoint* from *origin*.

    Raises `CheckUnavailable` where this machine is the reason that it cannot be, and `OSError` where the server is.
    """
    opened = _begun(endpoint, origin)
    try:
        await _connected(opened)
    except BaseException:
        opened.close()
        raise
    return opened


def _begun(endpoint: Endpoint, origin: Origin | None) -> socket.socket:
    family = socket.AF_INET if endpoint.address.version == 4 else socket.AF_INET6
    try:
        opened = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    except OSError as error:
        raise_of_opening(error.errno or errno.EIO)
    try:
        if origin is not None:
            bind(opened, origin)
        number = opened.connect_ex((str(endpoint.address), endpoint.port))
        if number not in {0, errno.EINPROGRESS}:
            raise_of_opening(number)
    except BaseException:
        opened.close()
        raise
    return opened


async def _connected(opened: socket.socket) -> None:
    """Wait until *opened* is connected; raises `OSError`, which is the network's from here on."""
    loop, writable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_writer(opened, writable.set)
    try:
        await writable.wait()
    finally:
        loop.remove_writer(opened)
    number = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number and not has_answered(opened, number):
        raise OSError(number, "")


def outcome_of(error: OSError, *, what: str = "") -> Outcome:
    """Return what *error* says of the server; *what* names the connection where it is not the only one."""
    if error.errno is not None:
        outcome = outcome_of_errno(error.errno)
    elif isinstance(error, TimeoutError):
        outcome = down(Reason.TIMEOUT, NETWORK_SILENT)
    else:  # asyncio raises `ConnectionError` without a number
        outcome = down(Reason.RESET, "the server ended the connection")
    return down(outcome.reason, what + outcome.detail)
