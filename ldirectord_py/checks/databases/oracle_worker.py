"""Asks an Oracle database by oracledb in its thin mode, in a worker: run as a program.

The thin mode believes what a server says of the size of its buffers, and with some sizes it writes past them or goes
round for ever (oracledb 26.1, a session data unit of 10 bytes or less).
"""

from functools import partial
from importlib import import_module
from typing import Any

from ldirectord_py.checks import driver_network
from ldirectord_py.checks.databases.question import CLOSED, DatabaseQuestion, Library, told_of
from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.workers.child import Prepare, serve

_HOURS = 3600.0
"""Seconds: the library's own limit for connecting, out of the way of the check's."""
_CONNECTION_CLOSED = "DPY-4011"
_OF_THE_SERVER = ("ORA-", "DPY-6")
"""How the codes of what the server says begin; those with DPY-6 are what its listener says, in the library's words."""
_LIBRARY = Library(protocol="Oracle's protocol", name="oracledb", modules=("oracledb",))
_UNREADABLE = ("DPY-5", "DPY-4019", "DPY-4035", "DPY-1001")
"""As above, of answers that are no answers in this protocol."""


def load() -> Prepare:
    """Load the library, and return what begins to ask by it."""
    oracledb: Any = import_module("oracledb")  # within the worker's limits; it may not be there, and has no types

    return lambda: partial(_answer, oracledb)


def _answer(oracledb: Any, told: dict[str, Any], _data: bytes) -> dict[str, Any]:
    question = DatabaseQuestion(**told)
    try:
        outcome = _ask(oracledb, question)
    except oracledb.Error as error:
        outcome = _meant(oracledb, error, question)
    except Exception as error:  # noqa: BLE001  # whatever the library makes of a server's bytes
        outcome = question.confused(_LIBRARY, error)
    return told_of(outcome)


def _ask(oracledb: Any, question: DatabaseQuestion) -> Outcome:
    connecting = oracledb.connect(
        user=question.login,
        password=question.passwd,
        host=question.host,
        port=question.port,
        sid=question.database or None,
        tcp_connect_timeout=_HOURS,
        program="ldirectord-py",
    )
    with connecting as connection, connection.cursor() as cursor:
        # One row is enough, so no more are sent.
        cursor.arraysize, cursor.prefetchrows = 1, 1
        cursor.execute(question.text)
        row = cursor.fetchone() if cursor.description is not None else None
        return question.judged([] if row is None else [b""])


def _meant(oracledb: Any, error: Any, question: DatabaseQuestion) -> Outcome:
    while isinstance(error.__cause__, oracledb.Error):  # "cannot connect", and why
        error = error.__cause__
    if isinstance(error.__cause__, OSError) and error.__cause__.errno is not None:
        return driver_network.outcome_of(error.__cause__)
    said = error.args[0]
    return judged(getattr(said, "full_code", ""), str(said), question)


def judged(code: str, message: str, question: DatabaseQuestion) -> Outcome:
    """Return what the library's error *code* means."""
    if code == _CONNECTION_CLOSED:
        return CLOSED
    if code.startswith(_OF_THE_SERVER):
        return question.refused(message)
    if code.startswith(_UNREADABLE):
        return question.unreadable(_LIBRARY, message)
    return question.unaskable(_LIBRARY, message)


if __name__ == "__main__":
    serve(load)
