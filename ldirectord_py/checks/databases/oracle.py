"""The check of Oracle Database, by oracledb in a worker; its thin mode needs no client of Oracle's."""

from dataclasses import dataclass
from typing import ClassVar

from ldirectord_py.checks.databases import oracle_worker
from ldirectord_py.checks.databases.statement import Statement, build
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle(Statement):
    """See `Statement`; the database is a SID."""

    worker: ClassVar[str] = oracle_worker.__name__


def build_oracle(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
    """Return the probe of service oracle; raises `InvalidOption` where the driver is not installed."""
    return build(Oracle, "oracledb", options, server, endpoint)
