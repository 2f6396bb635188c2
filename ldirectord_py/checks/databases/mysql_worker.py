"""Asks MySQL and MariaDB by aiomysql, in a worker: run as a program."""

import asyncio
from contextlib import suppress
from importlib import import_module
from typing import Any

from ldirectord_py.checks import driver_network
from ldirectord_py.checks.databases.question import CLEAR, CLOSED, EMPTY, MOST_ROWS, RETURNED, DatabaseQuestion, Library
from ldirectord_py.checks.databases.worker_loop import GRACE, DatabaseLoop, answering
from ldirectord_py.model.checks.outcome import Outcome, Reason, down
from ldirectord_py.workers.child import Prepare, serve

_FOUND_ROWS = 2  # CLIENT_FOUND_ROWS: rows that a change was about count, whether or not they were different before
_LOST = 2013  # CR_SERVER_LOST
_NO_PLUGIN = 2059  # CR_AUTH_PLUGIN_CANNOT_LOAD
_CLEAR = "mysql_clear_password"
_LIBRARY = Library(protocol="MySQL", name="aiomysql", modules=("aiomysql", "pymysql"))
_WANTS_FILE = down(Reason.PROTOCOL, "the server asks for a file of ours (LOAD DATA LOCAL), and gets none")


def load() -> Prepare:
    """Load the library, and return what begins to ask by it."""
    aiomysql: Any = import_module("aiomysql")  # within the worker's limits; it may not be there, and has no types

    connection_class = _connection_class(aiomysql)

    async def ask(question: DatabaseQuestion) -> Outcome:
        connection = connection_class(
            host=question.host,
            port=question.port,
            user=question.login.encode(),
            # The library writes a password in Latin 1, whatever it means: so this is sent as UTF-8.
            password=question.passwd.encode().decode("latin-1"),
            db=question.database.encode() or None,
            autocommit=None,
            use_unicode=False,
            conv={},  # values stay as the server wrote them: the library cannot make numbers of such bytes
            client_flag=_FOUND_ROWS,
            program_name="ldirectord-py",
        )
        connection.cleartext = question.cleartext
        try:
            await connection._connect()  # noqa: SLF001  # aiomysql.connect() makes connections of its own class only
            # Unbuffered, so that of many rows few are taken.
            cursor = await connection.cursor(aiomysql.SSCursor)
            outcome = await _asked(cursor, question)
            await _say_goodbye(connection)
        except _InClear:
            return CLEAR
        except _NoSuchLogin as error:
            return question.no_such_login(error.name)
        except (aiomysql.MySQLError, RuntimeError) as error:
            return _meant(error, question)
        finally:
            connection.close()
        return outcome

    return lambda: answering(ask, DatabaseLoop(), _LIBRARY)


def _connection_class(aiomysql: Any) -> Any:
    """Return the library's connection, with what it lacks."""

    class Connection(aiomysql.Connection):  # type: ignore[misc]  # as above
        """A connection that keeps the password from servers which ask for it in clear."""

        cleartext = False

        async def _get_server_information(self) -> None:
            await super()._get_server_information()
            if self._server_auth_plugin == _CLEAR and not self.cleartext:
                raise _InClear

        async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:
            if plugin_name == _CLEAR.encode() and not self.cleartext:
                raise _InClear
            try:
                return await super()._process_auth(plugin_name, auth_packet)
            except AttributeError:  # mysql_old_password, which pymysql no longer has
                raise _NoSuchLogin(plugin_name) from None
            except aiomysql.OperationalError as error:
                if error.args[:1] == (_NO_PLUGIN,):
                    raise _NoSuchLogin(plugin_name) from None
                raise

    return Connection


class _InClear(Exception):
    """The server asks for the password in clear."""


class _NoSuchLogin(Exception):
    """The server asks for a way to log in that the library does not have."""

    def __init__(self, name: bytes) -> None:
        self.name = name.decode("utf-8", "backslashreplace")
        super().__init__(name)


async def _asked(cursor: Any, question: DatabaseQuestion) -> Outcome:
    await cursor.execute(question.text)
    if cursor.description is None:  # a statement without a result may have changed rows
        return RETURNED if cursor.rowcount > 0 else EMPTY
    rows = [_line(row) for row in await cursor.fetchmany(MOST_ROWS if question.receive else 1)]
    return question.judged(rows)


def _line(row: tuple[Any, ...]) -> bytes:
    return b"\t".join(_bytes(value) for value in row)


def _bytes(value: Any) -> bytes:
    if value is None:
        return b"NULL"
    return value if isinstance(value, bytes) else str(value).encode()


def _meant(error: Any, question: DatabaseQuestion) -> Outcome:
    """Return what an error of the library means."""
    if isinstance(error.__cause__, OSError):
        return driver_network.outcome_of(error.__cause__)
    number, message = error.args if len(error.args) == 2 else (None, str(error))
    if number == _LOST:
        return CLOSED
    if "LOAD_LOCAL" in str(message):
        return _WANTS_FILE
    # 2000 to 2999 are the client's own; the server's are around them.
    if not isinstance(number, int):
        return question.confused(_LIBRARY, error)
    if 2000 <= number < 3000:
        return question.unreadable(_LIBRARY, str(message))
    return question.refused(str(message), number)


async def _say_goodbye(connection: Any) -> None:
    with suppress(OSError):  # `TimeoutError` is one too
        async with asyncio.timeout(GRACE):
            await connection.ensure_closed()


if __name__ == "__main__":
    serve(load)
