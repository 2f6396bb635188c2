"""What the checks of databases have in common: a login, a statement, and a library that speaks the protocol."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from ldirectord_py.checks.drivers.settled import Settled
from ldirectord_py.checks.misasked import Misasked
from ldirectord_py.checks.veiling import veiled
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.asking import Asking, Subject
from ldirectord_py.model.checking import Probe
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.outcome import Outcome, Reason, down, up

GRACE = 0.5
"""Seconds for a goodbye, which some libraries wait for."""

CONFUSED = (
    *(ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, LookupError, MemoryError, NameError),
    *(TypeError, ValueError),
)
"""What libraries raise in the midst of bytes that they did not expect.  (`struct.error` is a class of its own.)"""

RETURNED = up("the statement returned or changed a row")
EMPTY = down(Reason.MISMATCH, "the statement returned and changed no row, expected one at least")
CLOSED = down(Reason.CLOSED, "the server ended the connection before its answer was complete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(ABC):
    """Logs in and carries out a statement, which has to return (or change) at least one row."""

    server: Endpoint
    login: str = field(repr=False)
    passwd: str = field(default="", repr=False)
    database: str = ""
    """Empty: the user's own, or none."""
    text: str
    """In the words of the database."""

    @abstractmethod
    async def run(self) -> Outcome:
        """See `Driver.run`."""

    def refused(self, message: str, code: object = "") -> Outcome:
        """Return the outcome of an answer that says no."""
        return down(Reason.STATUS, f"the server said {self._shown(message, code)}")

    def confused(self, error: Exception) -> Outcome:
        """Return the outcome of an answer in the midst of which the library raised *error*."""
        return self.unreadable(str(error) or type(error).__name__)

    def unreadable(self, message: str) -> Outcome:
        """Return the outcome of an answer that is no answer in this protocol."""
        return down(Reason.PROTOCOL, f"the server's answer cannot be read: {self._shown(message)}")

    def unaskable(self, what: str, message: str) -> CheckUnavailable:
        """Return the error of a lack of the library's, in its own words but without what is secret."""
        return CheckUnavailable(f"{what}: {self._shown(message)[1:-1]}")

    def _shown(self, message: str, code: object = "") -> str:
        line = f"{code} {message.partition(chr(10))[0]}".strip()
        return veiled(line.encode("utf-8", "backslashreplace"), self.passwd.encode("utf-8"), self.login.encode("utf-8"))


def build(kind: type[Statement], asking: Asking, subject: Subject, endpoint: Endpoint) -> Probe:
    """Return the probe of a database's service; without a login or a statement one that is always down.

    The slash that every request is given is taken off again.
    """
    request = asking.request if subject.request is None else subject.request
    text = _text(request.removeprefix("/"), "request")
    if lacking := _lacking(asking, text):
        return Probe(check=Settled(outcome=down(Reason.STATUS, lacking)), timeout=asking.negotiatetimeout)
    check = kind(
        server=endpoint,
        login=_text(asking.login, "login"),
        passwd=_text(asking.passwd, "passwd"),
        database=_text(asking.database, "database"),
        text=text,
    )
    return Probe(check=check, timeout=asking.negotiatetimeout)


def _lacking(asking: Asking, text: str) -> str:
    """Return what keeps the database from being asked.  The original accepts such a file, and is always down, too."""
    if not asking.login:
        return f"service {asking.service} needs the user to log in as, but there is no login"
    if not text.strip():
        return f"service {asking.service} needs a statement, such as request='SELECT 1'"
    return ""


def _text(text: str, directive: str) -> str:
    """Return *text* if it is one; a configuration file may hold any bytes."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Misasked(directive, "expected text in UTF-8 without NUL characters")
    return text
