"""The check of Oracle Database, by oracledb in its thin mode, which needs no client of Oracle's."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ldirectord_py.checks.drivers import network, oracle_process
from ldirectord_py.checks.drivers.statement import CLOSED, EMPTY, RETURNED, Statement, build
from ldirectord_py.checks.libraries import missing
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.asking import Asking, Subject
from ldirectord_py.model.checking import Probe
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.outcome import Outcome, Reason, down

_LIBRARY = "oracledb"
# -P: the script's own folder is no place to import from.
_ARGV = (sys.executable, "-P", str(Path(oracle_process.__file__)))
_HOURS = 3600.0
"""Seconds: the library's own limit for connecting, out of the way of the check's."""
_CONNECTION_CLOSED = "DPY-4011"
_OF_THE_SERVER = ("ORA-", "DPY-6")
"""How the codes of what the server says begin; those with DPY-6 are what its listener says, in the library's words."""
_UNREADABLE = ("DPY-5", "DPY-4019", "DPY-4035", "DPY-1001")
"""As above, of answers that are no answers in this protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle(Statement):
    """See `Statement`; the database is a SID.  Who asks is a process of its own, see `oracle_process`."""

    async def run(self) -> Outcome:
        """See `Driver.run`."""
        try:
            process = await asyncio.create_subprocess_exec(*_ARGV, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        except OSError as error:
            raise CheckUnavailable(f"cannot run {_ARGV[0]}: {error.strerror}") from error
        try:
            told, _ = await process.communicate(json.dumps(self._question()).encode())
        finally:
            await _end(process)
        try:
            return self._meant(json.loads(told))
        except ValueError:
            return _broken(process.returncode or 0)

    def _question(self) -> dict[str, Any]:
        connection = {
            "user": self.login,
            "password": self.passwd,
            "host": str(self.server.address),
            "port": self.server.port,
            "sid": self.database or None,
            "tcp_connect_timeout": _HOURS,
            "program": "ldirectord-py",
        }
        return {"connection": connection, "text": self.text}

    def _meant(self, told: dict[str, Any]) -> Outcome:
        """Return what the process has found; raises `CheckUnavailable` where it is a lack of the library's."""
        if "row" in told:
            return RETURNED if told["row"] else EMPTY
        if "errno" in told:
            return network.outcome_of(OSError(told["errno"], os.strerror(told["errno"])))
        if "fault" in told:
            raise CheckUnavailable(told["fault"])
        code, message = told["code"], told["message"]
        if code == _CONNECTION_CLOSED:
            return CLOSED
        if code.startswith(_OF_THE_SERVER):
            return self.refused(message)
        if code.startswith(_UNREADABLE):
            return self.unreadable(message)
        raise self.unaskable("service oracle cannot ask this", message)


def _broken(status: int) -> Outcome:
    """Return what the end of the process without a word means; a signal, that what the server sent broke it."""
    if status < 0:
        return down(Reason.PROTOCOL, f"the server's answer cannot be read: it ended the driver with signal {-status}")
    raise CheckUnavailable(f"the driver's process ended with status {status} and said nothing")


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def build_oracle(asking: Asking, subject: Subject, endpoint: Endpoint) -> Probe:
    """Return the probe of service oracle; raises `Misasked` where the driver is not installed."""
    probe = build(Oracle, asking, subject, endpoint)
    if find_spec(_LIBRARY) is None:
        raise missing("oracle")
    return probe
