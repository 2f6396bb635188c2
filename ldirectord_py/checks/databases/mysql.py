"""The check of MySQL and MariaDB, by aiomysql in a worker."""

from dataclasses import dataclass
from typing import ClassVar

from ldirectord_py.checks.databases import mysql_worker
from ldirectord_py.checks.databases.statement import Statement, build
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Mysql(Statement):
    """See `Statement`."""

    worker: ClassVar[str] = mysql_worker.__name__


def build_mysql(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
    """Return the probe of service mysql; raises `InvalidOption` where the driver is not installed."""
    return build(Mysql, "aiomysql", options, server, endpoint)
