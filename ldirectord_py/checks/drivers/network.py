"""What an error of the network means to a driver, which has no prober to tell it."""

from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.network import OF_THE_SERVER
from ldirectord_py.model.outcome import Outcome, Reason, down


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
