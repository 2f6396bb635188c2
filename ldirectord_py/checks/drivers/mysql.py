"""The check of MySQL and MariaDB, by aiomysql."""

import asyncio
import struct
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from ldirectord_py.checks.drivers import network
from ldirectord_py.checks.drivers.statement import (
    CLOSED,
    CONFUSED,
    EMPTY,
    GRACE,
    RETURNED,
    Statement,
    build,
)
from ldirectord_py.checks.libraries import library
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.asking import Asking, Subject
from ldirectord_py.model.checking import Probe
from ldirectord_py.model.outcome import Outcome, Reason, down

MOST_BYTES = 1 << 20
"""Bytes that a server may send in one check."""
MOST_COLUMNS = 4096
"""Columns of a result: more no table of MySQL has."""
_PACKETS_A_TURN = 64

_FOUND_ROWS = 2  # CLIENT_FOUND_ROWS: rows that a change was about count, whether or not they were different before
_LOST = 2013  # CR_SERVER_LOST
_NO_PLUGIN = 2059  # CR_AUTH_PLUGIN_CANNOT_LOAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Mysql(Statement):
    """See `Statement`."""

    async def run(self) -> Outcome:
        """See `Driver.run`."""
        aiomysql = _library()
        try:
            connection = _connection_class(aiomysql)(
                host=str(self.server.address),
                port=self.server.port,
                user=self.login.encode(),
                # The library writes a password in Latin 1, whatever it means: so this is sent as UTF-8.
                password=self.passwd.encode().decode("latin-1"),
                db=self.database.encode() or None,
                autocommit=None,
                use_unicode=False,
                client_flag=_FOUND_ROWS,
                program_name="ldirectord-py",
            )
            try:
                await connection.begin_session()
                outcome = await self._ask(aiomysql, connection)
                await _say_goodbye(connection)
            finally:
                connection.close()
        except _TooLong as error:
            return down(Reason.TOO_LONG, f"the server's answer is too long: {error}")
        except aiomysql.MySQLError as error:
            return self._meant(error)
        except OSError as error:
            return network.outcome_of(error)
        except (*CONFUSED, struct.error) as error:
            return self.confused(error)
        return outcome

    async def _ask(self, aiomysql: ModuleType, connection: Any) -> Outcome:
        # Unbuffered, so that of many rows one is taken.
        cursor = await connection.cursor(aiomysql.SSCursor)
        await cursor.execute(self.text)
        if cursor.description is None:  # a statement without a result may have changed rows
            return RETURNED if cursor.rowcount > 0 else EMPTY
        return EMPTY if await cursor.fetchone() is None else RETURNED

    def _meant(self, error: Exception) -> Outcome:
        """Return what an error of the library means; raises `CheckUnavailable` where it is a lack of the library's."""
        if isinstance(error.__cause__, OSError):
            return network.outcome_of(error.__cause__)
        number, message = error.args if len(error.args) == 2 else (None, str(error))
        if number == _LOST:
            return CLOSED
        if number == _NO_PLUGIN:
            raise self.unaskable("service mysql cannot log in as this user", str(message)) from error
        # 2000 to 2999 are the client's own; the server's are around them.
        if not isinstance(number, int) or 2000 <= number < 3000:
            return self.confused(error)
        return self.refused(str(message), number)


class _TooLong(Exception):
    """The server sends more than any answer should need."""


@cache
def _connection_class(aiomysql: ModuleType) -> type:
    """Return the library's class of connections, but one that reads within bounds and lets others have their turn.

    The library waits for each packet, but what is there already it reads in one go: 2,000 columns took 10 ms.
    """

    class Connection(aiomysql.Connection):  # type: ignore[misc, name-defined]  # the library is there at run time only
        _packets = _columns = _bytes = 0

        async def begin_session(self) -> None:
            """Connect and log in."""
            await self._connect()

        async def _read_packet(self, packet_type: type | None = None) -> Any:
            self._packets += 1
            if self._packets % _PACKETS_A_TURN == 0:
                await asyncio.sleep(0)
            if packet_type is None:
                return await super()._read_packet()
            self._columns += 1  # nothing else is asked for by its type
            if self._columns > MOST_COLUMNS:
                raise _TooLong(f"more than {MOST_COLUMNS} columns")
            return await super()._read_packet(packet_type)

        async def _read_bytes(self, num_bytes: int) -> Any:
            self._bytes += num_bytes
            if self._bytes > MOST_BYTES:
                raise _TooLong(f"more than {MOST_BYTES} bytes")
            return await super()._read_bytes(num_bytes)

    return Connection


async def _say_goodbye(connection: Any) -> None:
    with suppress(OSError):  # `TimeoutError` is one too
        async with asyncio.timeout(GRACE):
            await connection.ensure_closed()


def build_mysql(asking: Asking, subject: Subject, endpoint: Endpoint) -> Probe:
    """Return the probe of service mysql; raises `Misasked` where the driver is not installed."""
    probe = build(Mysql, asking, subject, endpoint)
    _library()
    return probe


def _library() -> ModuleType:
    return library("aiomysql", "mysql")
