"""The check of PostgreSQL, by asyncpg."""

import asyncio
import struct
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from ldirectord_py.checks.drivers import network
from ldirectord_py.checks.drivers.pgsql_password import MOST_ROUNDS, NotHashed, bound_hashing
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

_BYTES_A_TURN = 65_536
"""Read and understood in one turn of the loop, by asyncio and asyncpg; 256 KiB of short messages took 5 ms."""
_UNCOUNTED = frozenset(("SHOW", "EXPLAIN"))
"""Tags of statements that return rows without saying how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pgsql(Statement):
    """See `Statement`.  TLS is used where the server offers it, and nothing is verified, as libpq does by default."""

    async def run(self) -> Outcome:
        """See `Driver.run`."""
        asyncpg = _library()
        try:
            return await self._ask(asyncpg)
        except NotHashed as wanted:
            if wanted.rounds > MOST_ROUNDS:
                sentence = f"the server wants the password hashed {wanted.rounds} times, at most {MOST_ROUNDS} are done"
                return down(Reason.PROTOCOL, sentence)
            await asyncio.to_thread(wanted.hash)
        try:
            return await self._ask(asyncpg)
        except NotHashed as error:
            return down(Reason.PROTOCOL, f"the server has another salt for each login, and wants {error}")

    async def _ask(self, asyncpg: ModuleType) -> Outcome:
        """Log in and ask; raises `NotHashed` where that needs the password hashed for long."""
        try:
            connection = await asyncpg.connect(
                host=str(self.server.address),
                port=self.server.port,
                user=self.login,
                password=self.passwd,
                database=self.database or self.login,
                ssl="prefer",
                timeout=None,
                connection_class=_connection_class(asyncpg),
                target_session_attrs="any",
                server_settings={"application_name": "ldirectord-py"},
            )
            try:
                # In the simple protocol: it goes through any pooler, and no row needs to be understood.
                tag = await connection.execute(self.text)
            finally:
                await _say_goodbye(asyncpg, connection)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            if isinstance(error.__cause__, NotHashed):
                raise error.__cause__ from None
            return self._meant(asyncpg, error)
        except OSError as error:
            return self._of_the_network(error)
        except (*CONFUSED, struct.error, asyncpg.pgproto.pgproto.BufferError) as error:
            return self.confused(error)
        return RETURNED if _has_rows(tag) else EMPTY

    def _meant(self, asyncpg: ModuleType, error: Any) -> Outcome:
        """Return what an error of the library means; raises `CheckUnavailable` where it is a lack of the library's."""
        match error:
            case asyncpg.ConnectionDoesNotExistError():  # not the server's, whatever its class says
                return CLOSED
            case asyncpg.PostgresError():
                return self.refused(str(error), error.sqlstate or "")
            case asyncpg.InternalClientError():
                return self.confused(error)
            case _:
                raise self.unaskable("service pgsql cannot ask this", str(error)) from error

    def _of_the_network(self, error: OSError) -> Outcome:
        """Return what *error* means: the library takes that class for answers to its wish for TLS too."""
        if error.errno is None and isinstance(error, ConnectionError):
            if "SSL" in str(error):
                return down(Reason.PROTOCOL, "the server does not answer as PostgreSQL does when it is asked for TLS")
            return CLOSED
        return network.outcome_of(error)


@cache
def _connection_class(asyncpg: ModuleType) -> type:
    """Return the library's class of connections, but one that lets go of its transport if it cannot be made.

    It cannot where a server says nothing sensible of its version, and each such check would leave a socket behind.
    """

    class Connection(asyncpg.Connection):  # type: ignore[misc, name-defined]  # the library is there at run time only
        def __init__(self, protocol: Any, transport: asyncio.Transport, *more: Any) -> None:
            try:
                super().__init__(protocol, transport, *more)
            except Exception:
                transport.abort()
                self._aborted = True  # or its end would complain
                raise

    return Connection


@cache
def _keep_to_turns(connect_utils: ModuleType) -> None:
    """Have asyncpg's module *connect_utils* read an answer in several turns, and leave no error that nobody looks at.

    Where a check's time is up while a connection is about to stand, the question for TLS has not been asked yet, and
    the end of that connection is an error of an answer that nobody waits for: asyncio would put it into the log.
    """

    class Upgrade(connect_utils.TLSUpgradeProto):  # type: ignore[misc, name-defined]  # as above
        def __init__(self, *words: Any) -> None:
            super().__init__(*words)
            self.on_data.add_done_callback(lambda answer: answer.cancelled() or answer.exception())

        def connection_made(self, transport: Any) -> None:
            transport.max_size = _BYTES_A_TURN
            super().connection_made(transport)

    connect_utils.TLSUpgradeProto = Upgrade  # type: ignore[attr-defined]  # as above


def _has_rows(tag: str) -> bool:
    """Return whether a statement was about any row, by its command tag: `SELECT 1`, `INSERT 0 1`, `SET`."""
    count = tag.rpartition(" ")[2]
    return tag in _UNCOUNTED or (count.isdecimal() and int(count) > 0)


async def _say_goodbye(asyncpg: ModuleType, connection: Any) -> None:
    """Close the connection, and cancel first what the server still works at: else it would go on for nobody."""
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        await connection.close(timeout=GRACE)


def build_pgsql(asking: Asking, subject: Subject, endpoint: Endpoint) -> Probe:
    """Return the probe of service pgsql; raises `Misasked` where the driver is not installed."""
    probe = build(Pgsql, asking, subject, endpoint)
    _library()
    return probe


def _library() -> ModuleType:
    asyncpg = library("asyncpg", "pgsql")
    bound_hashing(asyncpg.protocol.protocol)
    _keep_to_turns(asyncpg.connect_utils)
    return asyncpg
