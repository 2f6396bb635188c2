"""The check of PostgreSQL, by asyncpg in a worker."""

from dataclasses import dataclass
from typing import ClassVar

from ldirectord_py.checks.databases import pgsql_worker
from ldirectord_py.checks.databases.statement import Statement, build
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Pgsql(Statement):
    """See `Statement`.  TLS is used where the server offers it, and nothing is verified, as libpq does by default."""

    worker: ClassVar[str] = pgsql_worker.__name__


def build_pgsql(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
    """Return the probe of service pgsql; raises `InvalidOption` where the driver is not installed."""
    return build(Pgsql, "asyncpg", options, server, endpoint)
