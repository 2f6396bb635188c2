"""What a database's worker is asked, and what it answers; secrets are taken out of the answer before it leaves."""

from dataclasses import asdict, dataclass
from typing import Any

from ldirectord_py.checks.library_words import evidence
from ldirectord_py.checks.matching.patterns import PatternGaveUp, Receive
from ldirectord_py.checks.redaction import redacted
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict, down, up
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.workers.frames import UNAVAILABLE

RETURNED = up("the statement returned or changed a row")
EMPTY = down(Reason.MISMATCH, "the statement returned and changed no row, expected one at least")
CLOSED = down(Reason.CLOSED, "the server ended the connection before its answer was complete")
CLEAR = down(
    Reason.STATUS,
    "the server asks for the password in clear, which cleartextpassword does not allow",
)
MOST_ROWS = 1000
"""Rows in which `receive` is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A database's library, and the protocol that it speaks."""

    protocol: str
    name: str
    modules: tuple[str, ...]
    """Whose errors are its own."""

    def raises(self, error: Exception) -> bool:
        """Return whether *error* is one of its own, and not one that befell it."""
        return type(error).__module__.partition(".")[0] in self.modules


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseQuestion:
    """A login and a statement."""

    host: str
    port: int
    login: str
    passwd: str
    database: str
    text: str
    receive: str
    cleartext: bool
    """Whether the server may have the password in clear."""
    seconds: float

    def told(self) -> dict[str, Any]:
        """Return it as it goes to the worker."""
        return asdict(self)

    def refused(self, message: str, code: object = "") -> Outcome:
        """Return the outcome of an answer that says no."""
        return down(Reason.STATUS, f"the server said {self._shown(message, code)}")

    def unreadable(self, library: Library, message: str = "") -> Outcome:
        """Return the outcome of an answer that is no answer in this protocol; *message* is what the library says."""
        sentence = f"the server does not speak {library.protocol} as it should"
        return down(Reason.PROTOCOL, sentence + evidence(library.name, message, self._shown))

    def confused(self, library: Library, error: Exception) -> Outcome:
        """Return the outcome of an answer in the midst of which *error* was raised."""
        return self.unreadable(library, str(error) if library.raises(error) else "")

    def unaskable(self, library: Library, message: str) -> Outcome:
        """Return the outcome of an answer that asks for what the library cannot do, as it says in *message*."""
        sentence = "the server wants what this check cannot do"
        return down(Reason.PROTOCOL, sentence + evidence(library.name, message, self._shown))

    def no_such_login(self, name: str) -> Outcome:
        """Return the outcome of an answer that asks for a way to log in, called *name*, that the library lacks."""
        return down(Reason.PROTOCOL, f"the server wants a login by {self._shown(name)}, which this check cannot do")

    def judged(self, rows: list[bytes]) -> Outcome:
        """Return the outcome of the *rows* that came: any will do, or one that matches `receive`."""
        receive = Receive.of(self.receive)
        if receive is None or not rows:
            return RETURNED if rows else EMPTY
        try:
            if any(receive.matches(row) for row in rows):
                return up("a row matches receive")
        except PatternGaveUp:
            return down(Reason.MISMATCH, receive.gave_up("a row"))
        what = "the row" if len(rows) == 1 else f"the first of {len(rows)} rows"
        return down(Reason.MISMATCH, receive.not_found(rows[0], what=what, redact=self._secrets))

    @property
    def _secrets(self) -> tuple[bytes, bytes]:
        return (self.passwd.encode(), self.login.encode())

    def _shown(self, message: str, code: object = "") -> str:
        line = f"{code} {message.partition(chr(10))[0]}".strip()
        return redacted(line.encode("utf-8", "backslashreplace"), *self._secrets)


def told_of(outcome: Outcome) -> dict[str, Any]:
    """Return *outcome* as it leaves the worker."""
    return {"verdict": outcome.verdict, "reason": outcome.reason, "detail": outcome.detail}


def outcome_of(told: dict[str, Any]) -> Outcome:
    """Return the outcome that a worker has *told*; raises `CheckUnavailable` where it could not even ask."""
    if isinstance(why := told.get(UNAVAILABLE), str):
        raise CheckUnavailable(why)
    try:
        verdict, reason, detail = Verdict(told["verdict"]), Reason(told["reason"]), str(told["detail"])
    except (KeyError, ValueError):
        verdict, reason, detail = Verdict.DOWN, Reason.PROTOCOL, "the process that asks gave no sensible answer"
    return up(detail) if verdict is Verdict.UP else down(reason, detail)
