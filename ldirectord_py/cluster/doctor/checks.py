"""The table of checks: a new one is a function in this folder and a row in its file."""

from collections.abc import Collection

from ldirectord_py.cluster.doctor import address_checks, kernel_checks, path_checks, sharing_checks, upkeep_checks
from ldirectord_py.cluster.doctor.surroundings import Surroundings
from ldirectord_py.cluster.finding import Finding, FindingSeverity

CHECKS = (
    *kernel_checks.CHECKS,
    *address_checks.CHECKS,
    *path_checks.CHECKS,
    *upkeep_checks.CHECKS,
    *sharing_checks.CHECKS,
)


def examine(seen: Surroundings, ignored: Collection[str] = ()) -> list[Finding]:
    """Return what is wrong, the worst first, without the ids in *ignored*."""
    found = [finding for check in CHECKS if check.id not in ignored for finding in check.examine(seen)]
    return sorted(found, key=lambda finding: list(FindingSeverity).index(finding.severity))
