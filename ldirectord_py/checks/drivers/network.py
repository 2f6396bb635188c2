"""What an error of the network means to a driver, which has no prober to tell it."""

import errno

from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.outcome import Outcome, Reason, down

_OF_THE_SERVER = {
    errno.ECONNREFUSED: (Reason.REFUSED, "connection refused"),
    errno.ECONNRESET: (Reason.RESET, "the server reset the connection"),
    errno.EPIPE: (Reason.RESET, "the server closed the connection while we were sending"),
    errno.ECONNABORTED: (Reason.RESET, "the connection was aborted"),
    errno.ENOTCONN: (Reason.RESET, "the server has ended the connection"),
    errno.ETIMEDOUT: (Reason.TIMEOUT, "no answer from the network (ETIMEDOUT)"),
    errno.EHOSTUNREACH: (Reason.UNREACHABLE, "the server does not answer on its network (no route to host)"),
    errno.EHOSTDOWN: (Reason.UNREACHABLE, "the server is down on its network (host is down)"),
}


def outcome_of(error: OSError, *, what: str = "") -> Outcome:
    """Return what *error* says of the server; *what* names the connection where it is not the only one.

    Raises `CheckUnavailable` where it says nothing of the server but something of ourselves.
    """
    if error.errno in _OF_THE_SERVER:
        reason, sentence = _OF_THE_SERVER[error.errno]
        return down(reason, what + sentence)
    if isinstance(error, ConnectionError):  # asyncio raises them without a number too
        return down(Reason.RESET, f"{what}the server ended the connection")
    if isinstance(error, TimeoutError):
        return down(Reason.TIMEOUT, f"{what}no answer from the network")
    raise CheckUnavailable(f"{what}{error.strerror or error} (errno {error.errno})") from error
