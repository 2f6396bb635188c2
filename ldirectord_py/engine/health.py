"""What an outcome makes of a real server's health."""

from dataclasses import replace

from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict, down
from ldirectord_py.model.health import FaultRules, Health, Rules, State

# Python 3.11 takes longer to read a member of an enumeration than for all the rest of `unmoved`.
_FOUND_UP, _IS_UP = Verdict.UP, State.UP


def unchecked(*, adopted: bool, now: float) -> Health:
    """Return the health of a server nobody has asked yet.

    One that the table had with a weight when we came is *adopted*: it stays in until its checks say
    otherwise, so that a restart takes no healthy server out.  Any other stays out until its first
    success, so that no dead one is let in.
    """
    return Health(State.ADOPTED if adopted else State.UNKNOWN, now)


def resumed(fresh: Health, before: Health | None) -> Health:
    """Return *fresh*, of a server that nobody has asked yet, with what was known of it *before* this director came.

    Only what agrees with the table counts: whether it serves is what the table says.
    """
    if before is None or before.state is State.UNKNOWN or before.state.serving is not fresh.state.serving:
        return fresh
    if not fresh.state.serving:
        return replace(fresh, since=before.since)
    return replace(fresh, since=before.since, failures=before.failures, reason=before.reason, detail=before.detail)


def advance(health: Health, outcome: Outcome, rules: Rules, now: float) -> Health:
    """Return what *health* becomes by *outcome*: the same object where nothing changes.

    One success restores.  So many failures in a row as `failurecount` says take a serving server
    out; one that has never served is down with its first, and so is one in maintenance.  A fault of
    ours changes nothing.
    """
    if unmoved(health, outcome):
        return health
    if outcome.verdict is Verdict.DOWN:
        return _failed(health, outcome, rules, now)
    if health.state is State.UP:
        return replace(health, failures=0, reason=Reason.OK, detail="")
    return Health(State.UP, health.since if health.state is State.ADOPTED else now)


def unmoved(health: Health, outcome: Outcome) -> bool:
    """Return whether *outcome* leaves *health* as it is, at whatever time it comes: as almost all do."""
    if outcome.verdict is _FOUND_UP:
        return health.state is _IS_UP and not health.failures
    if outcome.verdict is Verdict.DOWN:
        known = (health.reason, health.detail)
        return health.state is State.DOWN and known == (outcome.reason, outcome.detail)
    return True


def counted(fault: Outcome, seconds: float, rules: FaultRules) -> Outcome:
    """Return what *fault* counts as, if there has been nothing else for *seconds*: itself, or down."""
    if not rules.down or not rules.limit or seconds < rules.limit:
        return fault
    return down(Reason.LOCAL, f"could not be checked for {rules.limit:g} s, through a fault of ours: {fault.detail}")


def _failed(health: Health, outcome: Outcome, rules: Rules, now: float) -> Health:
    if health.state is State.DOWN:
        begins = outcome.reason is Reason.MAINTENANCE and health.reason is not Reason.MAINTENANCE
        since = now if begins else health.since
        return replace(health, since=since, reason=outcome.reason, detail=outcome.detail)
    failures = health.failures + 1
    soft = failures < rules.failurecount and outcome.reason is not Reason.MAINTENANCE
    if health.state.serving and soft:
        return replace(health, failures=failures, reason=outcome.reason, detail=outcome.detail)
    since = health.since if health.state is State.UNKNOWN else now
    return Health(State.DOWN, since, failures, outcome.reason, outcome.detail)
