"""The network as a driver meets it, which has no prober to open its sockets and to tell it what their errors mean."""

import asyncio
import socket

from ldirectord_py.checks.binding import bind
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checking import Origin
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.network import OF_THE_SERVER
from ldirectord_py.model.outcome import Outcome, Reason, down


async def connect(endpoint: Endpoint, origin: Origin | None) -> socket.socket:
    """Return a socket connected to *endpoint* from *origin*; raises `OSError` and `CheckUnavailable`."""
    family = socket.AF_INET if endpoint.address.version == 4 else socket.AF_INET6
    opened = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        if origin is not None:
            bind(opened, origin)
        await asyncio.get_running_loop().sock_connect(opened, (str(endpoint.address), endpoint.port))
    except BaseException:
        opened.close()
        raise
    return opened


def outcome_of(error: OSError, *, what: str = "") -> Outcome:
    """Return what *error* says of the server; *what* names the connection where it is not the only one.

    Raises `CheckUnavailable` where it says nothing of the server but something of ourselves.
    """
    if error.errno in OF_THE_SERVER:
        reason, sentence = OF_THE_SERVER[error.errno]
        return down(reason, what + sentence)
    if isinstance(error, ConnectionError):  # asyncio raises them without a number too
        return down(Reason.RESET, f"{what}the server ended the connection")
    if isinstance(error, TimeoutError):
        return down(Reason.TIMEOUT, f"{what}no answer from the network")
    raise CheckUnavailable(f"{what}{error.strerror or error} (errno {error.errno})") from error
