"""The check of Oracle Database, by oracledb in a worker; its thin mode needs no client of Oracle's."""

from dataclasses import dataclass
from typing import ClassVar

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.databases import oracle_worker
from ldirectord_py.checks.databases.statement import Statement, build, workers
from ldirectord_py.model.workers import WorkerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle(Statement):
    """See `Statement`; the database is a SID."""

    worker: ClassVar[WorkerKind] = workers(oracle_worker.__name__)


def build_oracle(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of service oracle; raises `InvalidOption` where the driver is not installed."""
    return build(Oracle, "oracledb", configured)
