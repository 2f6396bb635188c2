"""What the log says of checks and of what they find."""

from ldirectord_py.model.checks.outcome import Reason, code
from ldirectord_py.model.events import (
    CertificateExpiring,
    CertificateSeen,
    CheckDone,
    FaultLasts,
    HealthChanged,
    SoftFailure,
)
from ldirectord_py.model.health import Health, State
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.text.moments import date, expiry
from ldirectord_py.observers.events.log_line import Field, Level, LogLine, names_of


def faulted(real: RealKey, event: CheckDone) -> LogLine:
    """Return the line for a check of *real* that we could not carry out."""
    outcome = event.outcome
    why = f"{event.asked}: {outcome.detail}" if event.asked else outcome.detail
    text = f"Real server {real} could not be checked, through a fault of ours; it stays as it is: {why}"
    fields: dict[str, Field] = {
        **names_of(real),
        "reason": outcome.reason.value,
        "detail": outcome.detail,
        "asked": event.asked,
    }
    return LogLine(Level.ERROR, "check_faulted", text, fields)


def fault_lasts(event: FaultLasts) -> list[LogLine]:
    """Return the line for a server that could not be checked for longer than `faultlimit`."""
    what = "it counts as down, as faultdown says" if event.down else "it stays as it is"
    unchecked = f"Real server {event.real} could not be checked for {event.seconds:.0f} s, through a fault of ours"
    fields: dict[str, Field] = {
        **names_of(event.real),
        "reason": event.outcome.reason.value,
        "detail": event.outcome.detail,
        "seconds": round(event.seconds, 6),
    }
    return [LogLine(Level.ERROR, "fault_lasts", f"{unchecked}; {what}: {event.outcome.detail}", fields)]


def fault_over(real: RealKey) -> LogLine:
    """Return the line for a check that can be carried out again."""
    return LogLine(Level.INFO, "check_recovered", f"Real server {real} can be checked again", names_of(real))


def check_done(event: CheckDone) -> list[LogLine]:
    """Return the lines for one check, one for each server that shares it."""
    return [_checked(real, event) for real in event.reals]


def _checked(real: RealKey, event: CheckDone) -> LogLine:
    outcome = event.outcome
    detail = f": {outcome.detail}" if outcome.detail else ""
    asked = f" ({event.asked})" if event.asked else ""
    text = f"Checked real server {real}{asked} in {event.seconds * 1000:.1f} ms: {outcome.verdict}{detail}"
    fields: dict[str, Field] = {
        **names_of(real),
        "verdict": outcome.verdict.value,
        "reason": outcome.reason.value,
        "detail": outcome.detail,
        "asked": event.asked,
        "seconds": round(event.seconds, 6),
        "lateness": round(event.lateness, 6),
    }
    return LogLine(Level.DEBUG, "real_checked", text, fields)


_STATE_WORDS = {
    State.UP: "is up",
    State.DOWN: "is down",
    State.ADOPTED: "serves as it did until it has been checked",
    State.UNKNOWN: "stays out until it has been checked",
}


def _level(before: State, after: State) -> Level:
    if after is State.DOWN:
        return Level.WARNING
    # A server that was in the table when we came, and passes, never was out.
    return Level.DEBUG if before is State.ADOPTED and after is State.UP else Level.INFO


def health_changed(event: HealthChanged) -> list[LogLine]:
    """Return the lines for a server that went out or came in, or failed and passes again."""
    before, after, names = event.before, event.after, names_of(event.real)
    fields: dict[str, Field] = {
        **names,
        "before": before.state.value,
        "after": after.state.value,
        "reason": after.reason.value,
        "code": code(after.reason, after.detail),
        "detail": after.detail,
        "failures": after.failures,
        "failurecount": event.failurecount,
        "asked": event.asked,
    }
    told = []
    if after.state is State.UP and before.failures:
        text = f"Resetting soft failure count: {event.real}"
        told.append(LogLine(Level.INFO, "soft_failures_reset", text, names))
    if before.state is not after.state:
        text = f"Real server {event.real} {_STATE_WORDS[after.state]}{_why(event)}"
        told.append(LogLine(_level(before.state, after.state), f"real_{after.state}", text, fields))
    return told


def _why(event: HealthChanged) -> str:
    after = event.after
    if after.state is not State.DOWN:
        return f": {after.detail}" if after.detail else ""
    why = _because(event.asked, after)
    if after.reason is Reason.MAINTENANCE:
        return why
    # Who has never served is out with its first failure, whatever failurecount says.
    enough = after.failures >= event.failurecount
    return f" ({after.failures} of {event.failurecount}){why}" if enough else f" (its first check){why}"


def _because(asked: str, health: Health) -> str:
    """Return what was asked, where anybody was, and what came of it: `: GET http://10.0.0.5:80/: 404 Not Found`."""
    return "".join(f": {part}" for part in (asked, health.detail or health.reason.value) if part)


def soft_failure(event: SoftFailure) -> list[LogLine]:
    """Return the line for a failure that takes nobody out."""
    health = event.health
    count = f"failure {health.failures}/{event.failurecount}"
    text = f"Soft failure real server: {event.real} {count}{_because(event.asked, health)}"
    fields: dict[str, Field] = {
        **names_of(event.real),
        "reason": health.reason.value,
        "code": code(health.reason, health.detail),
        "detail": health.detail,
        "failures": health.failures,
        "failurecount": event.failurecount,
        "asked": event.asked,
    }
    return [LogLine(Level.INFO, "real_failed_softly", text, fields)]


def certificate_seen(event: CertificateSeen) -> list[LogLine]:
    """Return the lines for a certificate that is new, one for each server that shows it."""
    return [
        LogLine(
            Level.DEBUG,
            "certificate_seen",
            f"Real server {real} shows a certificate that is valid until {date(event.expires)}",
            {**names_of(real), "expires": event.expires},
        )
        for real in event.reals
    ]


def certificate_expiring(event: CertificateExpiring) -> list[LogLine]:
    """Return the line for a certificate that ends soon, or has ended."""
    text = f"The certificate of real server {event.real} {expiry(event.left)}, on {date(event.expires)}"
    fields: dict[str, Field] = {**names_of(event.real), "expires": event.expires, "left": round(event.left)}
    return [LogLine(Level.WARNING, "certificate_expiring", text, fields)]
