"""What the checks of databases have in common: a login, a statement, and a worker whose library speaks the protocol."""

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import ClassVar

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.building.optional_libraries import missing
from ldirectord_py.checks.databases.question import DatabaseQuestion, outcome_of
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.conversation import DriverServices
from ldirectord_py.model.checks.outcome import Outcome, Reason, down
from ldirectord_py.model.workers import WorkerEnded, WorkerKind, WorkerQuestion

_TOO_DEAR = "killed by SIGPROF"
_MOST_WORKERS = 32
"""Of each database: so many servers may hang at a time before others wait."""
_WAIT = 30.0
"""Seconds that a check waits for a worker that is free."""


def workers(module: str) -> WorkerKind:
    """Return the workers that run *module* for the checks of a database."""
    overloaded = f"no process was free to ask within {_WAIT:g} s: {_MOST_WORKERS} wait for answers"
    return WorkerKind(module=module, most=_MOST_WORKERS, longest_wait=_WAIT, overloaded=overloaded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Logs in and carries out a statement, which has to return (or change) at least one row.

    Who asks is a process of its own without rights: libraries of databases trust their servers, and a hostile answer
    has ended or frozen more than one of them.
    """

    worker: ClassVar[WorkerKind]
    """Who asks the server."""

    server: Endpoint
    login: str = field(repr=False)
    passwd: str = field(default="", repr=False)
    database: str = ""
    """Empty: the user's own, or none."""
    text: str
    """In the words of the database."""
    receive: str = ""
    """What one of the rows has to match; empty: any row will do."""
    cleartext: bool = False
    """Whether the server may have the password in clear."""
    seconds: float
    """The time for all of it."""

    async def ready(self, services: DriverServices) -> None:
        """See `PreparedDriver.ready`."""
        await services.worker_ready(self.worker)

    async def run(self, services: DriverServices) -> Outcome:
        """See `Driver.run`."""
        try:
            answer = await services.ask_worker(self.worker, WorkerQuestion(told=self._question().told()))
            return outcome_of(answer.told)
        except WorkerEnded as end:
            how = "needed too much processor time" if str(end) == _TOO_DEAR else f"broke the library ({end})"
            return down(Reason.PROTOCOL, f"the server's answer {how}; nothing but this check was affected")

    def _question(self) -> DatabaseQuestion:
        return DatabaseQuestion(
            host=str(self.server.address),
            port=self.server.port,
            login=self.login,
            passwd=self.passwd,
            database=self.database,
            text=self.text,
            receive=self.receive,
            cleartext=self.cleartext,
            seconds=self.seconds,
        )


def build(kind: type[Statement], library: str, configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of a database's service; without a login or a statement one that is always down.

    Raises `InvalidOption` where the *library* is not installed.
    """
    options = configured.options
    text = _text(configured.bare_request, "request")
    if find_spec(library) is None:
        raise missing(options.service)
    if lacking := _lacking(options, text):
        return BuiltCheck.fixed(down(Reason.STATUS, lacking))
    check = kind(
        server=configured.endpoint,
        login=_text(options.login, "login"),
        passwd=_text(options.passwd, "passwd"),
        database=_text(options.database, "database"),
        text=text,
        receive=_pattern(configured.receive),
        cleartext=options.cleartextpassword,
        seconds=options.negotiatetimeout,
    )
    return BuiltCheck(check=check, asked=f"{options.service} statement at {configured.endpoint}")


def _lacking(options: CheckOptions, text: str) -> str:
    """Return what keeps the database from being asked.  The original accepts such a file, and is always down, too."""
    if not options.login:
        return f"service {options.service} needs the user to log in as, but there is no login"
    if not text.strip():
        return f"service {options.service} needs a statement, such as request='SELECT 1'"
    return ""


def _pattern(receive: str) -> str:
    """Return *receive* if it is a pattern; raises `InvalidOption`."""
    Receive.of(receive)
    return _text(receive, "receive")


def _text(text: str, directive: str) -> str:
    """Return *text* if it is one; a configuration file may hold any bytes."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidOption(directive, "expected text in UTF-8 without NUL characters")
    return text
