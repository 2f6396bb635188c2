"""Checks that can only ever say down, because they lack something to ask with or a port to ask at."""

from collections.abc import Iterator

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.registry import plan
from ldirectord_py.config.lint.rule import LintedVirtual
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.check_plan import Alternating, CheckPlan, Repeated
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.checks.probe import FixedOutcome
from ldirectord_py.model.config import Real


def subject(place: LintedVirtual, real: Real) -> CheckedServer:
    """Return what is asked where *real* is checked."""
    return CheckedServer(virtual=place.virtual.key, endpoint=real.endpoint, request=real.request, receive=real.receive)


def hopeless(options: CheckOptions, subject: CheckedServer) -> Outcome | None:
    """Return the outcome of each check of *subject* if it is down whatever the server does."""
    try:
        check = _first(plan(options, subject))
    except InvalidOption:
        return None
    return check.outcome if isinstance(check, FixedOutcome) and check.outcome.verdict is Verdict.DOWN else None


def always_down(place: LintedVirtual, options: CheckOptions) -> Iterator[tuple[int, str]]:
    """Yield what the check lacks without which no server is ever up."""
    outcomes = [hopeless(options, subject(place, real)) for real in place.virtual.reals]
    told = dict.fromkeys(found.detail for found in outcomes if found is not None and found.reason is not Reason.REFUSED)
    for detail in told:
        who = "every real server" if all(outcomes) else "a real server without its own"
        yield place.line("service"), f"{detail}; until then {who} is down, whatever it does"


def no_port(place: LintedVirtual, options: CheckOptions) -> Iterator[tuple[int, str]]:
    """Yield each real server that no port is known of."""
    for real in place.virtual.reals:
        outcome = hopeless(options, subject(place, real))
        if outcome is not None and outcome.reason is Reason.REFUSED:
            sentence = f"{real.endpoint.address} has no port to connect to, and is always down; set checkport"
            yield place.line_of(real), sentence


def _first(plan: CheckPlan) -> object:
    match plan:
        case Repeated():
            return plan.probe.check
        case Alternating():
            return plan.negotiate.check
        case _:
            return None
