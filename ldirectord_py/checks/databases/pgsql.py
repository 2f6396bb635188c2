"""The check of PostgreSQL, by asyncpg in a worker."""

from dataclasses import dataclass
from typing import ClassVar

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.databases import pgsql_worker
from ldirectord_py.checks.databases.statement import Statement, build, workers
from ldirectord_py.model.workers import WorkerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Pgsql(Statement):
    """See `Statement`.  TLS is used where the server offers it, and nothing is verified, as libpq does by default."""

    worker: ClassVar[WorkerKind] = workers(pgsql_worker.__name__)


def build_pgsql(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of service pgsql; raises `InvalidOption` where the driver is not installed."""
    return build(Pgsql, "asyncpg", configured)
