"""How a server in maintenance is checked: not at all, but at its own pace, so that each round is told."""

from ldirectord_py.model.checks.check_plan import Repeated
from ldirectord_py.model.checks.outcome import Reason, down
from ldirectord_py.model.checks.probe import FixedOutcome, Probe
from ldirectord_py.model.service import RealKey

IN_MAINTENANCE = down(Reason.MAINTENANCE, "Server in maintenance")
_NEIGHBOURS = 5
"""Bits of an address in which those differ that share a plan: so many rounds are not told in one turn of the loop."""


def kept_out(real: RealKey, interval: float) -> Repeated:
    """Return the plan of *real*, which is in maintenance, and has otherwise a check every *interval* seconds."""
    return kept_out_group(int(real.real.address) >> _NEIGHBOURS, interval)


def kept_out_group(group: int, interval: float) -> Repeated:
    """Return the plan of all servers in maintenance that are neighbours and have the same *interval*."""
    return Repeated(probe=Probe(check=FixedOutcome(outcome=IN_MAINTENANCE, group=group), timeout=5), interval=interval)
