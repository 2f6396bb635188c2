"""Asks PostgreSQL by asyncpg, in a worker: run as a program."""

import re
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from ldirectord_py.checks import driver_network
from ldirectord_py.checks.databases.pgsql_login import WatchingLoop
from ldirectord_py.checks.databases.question import CLEAR, CLOSED, EMPTY, MOST_ROWS, RETURNED, DatabaseQuestion, Library
from ldirectord_py.checks.databases.worker_loop import GRACE, answering
from ldirectord_py.model.checks.outcome import Outcome, Reason, down
from ldirectord_py.workers.child import AnswerQuestion, Prepare, serve

_UNCOUNTED = frozenset(("SHOW", "EXPLAIN"))
"""Tags of statements that return rows without saying how many."""
_LIBRARY = Library(protocol="PostgreSQL", name="asyncpg", modules=("asyncpg",))
_NO_SUCH_LOGIN = re.compile(r"unsupported authentication method requested by the server: '?([\w-]+)")
_LOGINS = {"kerberosv5": "Kerberos", "2": "Kerberos", "scmcred": "SCM credentials", "6": "SCM credentials"}
"""Ways to log in, as the library calls them or by their numbers (PostgreSQL's protocol, "Message Formats")."""


def load() -> Prepare:
    """Load the library, and return what begins to ask by it."""
    asyncpg: Any = import_module("asyncpg")  # within the worker's limits; it may not be there, and has no types

    def begin() -> AnswerQuestion:
        loop = WatchingLoop()
        return answering(partial(_ask, asyncpg, loop), loop, _LIBRARY)

    return begin


async def _ask(asyncpg: Any, loop: WatchingLoop, question: DatabaseQuestion) -> Outcome:
    loop.begin(cleartext=question.cleartext)
    try:
        connection = await asyncpg.connect(
            host=question.host,
            port=question.port,
            user=question.login,
            password=question.passwd,
            database=question.database or question.login,
            ssl="prefer",
            timeout=None,
            statement_cache_size=0,
            target_session_attrs="any",
            server_settings={"application_name": "ldirectord-py"},
        )
        try:
            return await _asked(connection, question)
        finally:
            await _say_goodbye(asyncpg, connection)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        return CLEAR if loop.asked_in_clear else _meant(asyncpg, error, question)
    except OSError as error:
        return CLEAR if loop.asked_in_clear else _of_the_network(error)


async def _asked(connection: Any, question: DatabaseQuestion) -> Outcome:
    if not question.receive:
        # In the simple protocol: it goes through any pooler, and no row needs to be understood.
        return RETURNED if _has_rows(await connection.execute(question.text)) else EMPTY
    # In a transaction, so that a pooler keeps to one server.
    async with connection.transaction():
        rows = await connection.fetch(question.text)
    return question.judged([b"\t".join(map(_bytes, row.values())) for row in rows[:MOST_ROWS]])


def _bytes(value: Any) -> bytes:
    """Return *value* about as psql shows it."""
    match value:
        case None:
            return b"NULL"
        case bool():
            return b"t" if value else b"f"
        case bytes():
            return value
        case _:
            return str(value).encode()


def _meant(asyncpg: Any, error: Any, question: DatabaseQuestion) -> Outcome:
    """Return what an error of the library means."""
    match error:
        case asyncpg.ConnectionDoesNotExistError():  # not the server's, whatever its class says
            return CLOSED
        case asyncpg.InterfaceError(__context__=asyncpg.ConnectionDoesNotExistError()):  # at the end of a transaction
            return CLOSED
        case asyncpg.PostgresError():
            return question.refused(str(error), error.sqlstate or "")
        case asyncpg.InternalClientError():
            return _without(str(error), question) or question.confused(_LIBRARY, error)
        case _:
            return _without(str(error), question) or question.unaskable(_LIBRARY, str(error))


def _without(message: str, question: DatabaseQuestion) -> Outcome | None:
    """Return the outcome of an answer that asks for a way to log in that the library lacks, as *message* says."""
    if "gssapi" in message or "sspilib" in message:
        return question.no_such_login("GSSAPI")
    if match := _NO_SUCH_LOGIN.search(message):
        return question.no_such_login(_LOGINS.get(match[1], f"method {match[1]}"))
    return None


def _of_the_network(error: OSError) -> Outcome:
    """Return what *error* means: the library takes that class for answers to its wish for TLS too."""
    if error.errno is None and isinstance(error, ConnectionError):
        if "SSL" in str(error):
            return down(Reason.PROTOCOL, "the server does not answer as PostgreSQL does when it is asked for TLS")
        return CLOSED
    return driver_network.outcome_of(error)


def _has_rows(tag: str) -> bool:
    """Return whether a statement was about any row, by its command tag: `SELECT 1`, `INSERT 0 1`, `SET`."""
    count = tag.rpartition(" ")[2]
    return tag in _UNCOUNTED or (count.isdecimal() and int(count) > 0)


async def _say_goodbye(asyncpg: Any, connection: Any) -> None:
    """Close the connection, and cancel first what the server still works at: else it would go on for nobody."""
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        await connection.close(timeout=GRACE)


if __name__ == "__main__":
    serve(load)
