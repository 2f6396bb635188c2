"""How a server in maintenance is checked: not at all, but at its own pace, so that each round is told."""

from ldirectord_py.checks.drivers.settled import Settled
from ldirectord_py.model.checking import Probe, Repeated
from ldirectord_py.model.outcome import Reason, down

IN_MAINTENANCE = down(Reason.MAINTENANCE, "Server in maintenance")
_PROBE = Probe(check=Settled(outcome=IN_MAINTENANCE), timeout=5)


def kept_out(interval: float) -> Repeated:
    """Return the plan of a server that is in maintenance, and has otherwise a check every *interval* seconds."""
    return Repeated(probe=_PROBE, interval=interval)
