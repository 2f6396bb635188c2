"""The check of MySQL and MariaDB, by aiomysql in a worker."""

from dataclasses import dataclass
from typing import ClassVar

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.databases import mysql_worker
from ldirectord_py.checks.databases.statement import Statement, build, workers
from ldirectord_py.model.workers import WorkerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Mysql(Statement):
    """See `Statement`."""

    worker: ClassVar[WorkerKind] = workers(mysql_worker.__name__)


def build_mysql(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of service mysql; raises `InvalidOption` where the driver is not installed."""
    return build(Mysql, "aiomysql", configured)
