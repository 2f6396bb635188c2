"""What the log says of each event.

What the original logs too is worded as the original words it, because people's log watchers wait for it.
"""

from collections.abc import Iterable
from typing import assert_never

from ldirectord_py.model.events import (
    Agreed,
    Cause,
    CertificateExpiring,
    CertificateSeen,
    ChangeRefused,
    CheckDone,
    ConfigChanged,
    Diverged,
    DriftFound,
    DriftRecurs,
    Event,
    FallbackChanged,
    FaultLasts,
    FirstPassComplete,
    HealthChanged,
    Reloaded,
    ReloadRefused,
    SoftFailure,
    Started,
    Stopping,
    TableBack,
    TableChanged,
    TableLost,
)
from ldirectord_py.model.health import State
from ldirectord_py.model.moments import date, span
from ldirectord_py.model.outcome import Outcome
from ldirectord_py.model.problems import Problem, Severity
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    RemoveDestination,
    RemoveService,
    SetDestination,
    SetService,
)
from ldirectord_py.observers.changes import CHANGE_WORDS
from ldirectord_py.observers.line import Field, Level, Line, names_of
from ldirectord_py.observers.upkeep_lines import upkeep_lines


def lines(event: Event, pid: int) -> Iterable[Line]:  # noqa: C901, PLR0911, PLR0912 -- one arm per kind of event
    """Return what is to be logged of *event*, in order; *pid* is ours, named where the original names it."""
    match event:
        case CheckDone():
            return [_checked(real, event) for real in event.reals]
        case HealthChanged():
            return _health_changed(event)
        case SoftFailure():
            return [_soft_failure(event)]
        case FaultLasts():
            return [_fault_lasts(event)]
        case CertificateSeen():
            return [_certificate_seen(real, event) for real in event.reals]
        case CertificateExpiring():
            return [_certificate_expiring(event)]
        case FallbackChanged():
            return [_fallback_changed(event)]
        case TableChanged():
            return [_table_changed(event)]
        case ChangeRefused():
            return [_change_refused(event)]
        case DriftFound():
            return [_drift_found(event)]
        case DriftRecurs():
            return [_drift_recurs(event)]
        case Diverged():
            return [_diverged(event)]
        case Agreed():
            return [_agreed(event)]
        case TableLost(sentence):
            return [Line(Level.ERROR, "table_lost", f"The IPVS table cannot be reached: {sentence}")]
        case TableBack():
            return [Line(Level.INFO, "table_back", "The IPVS table can be reached again")]
        case Started(virtuals, reals):
            text = f"Watching {reals} real servers of {virtuals} virtual servers"
            return [Line(Level.INFO, "started", text, {"virtuals": virtuals, "reals": reals})]
        case FirstPassComplete(seconds):
            text = f"Every real server has been checked once, within {seconds:.1f} seconds"
            return [Line(Level.INFO, "first_pass_completed", text, {"seconds": round(seconds, 6)})]
        case ConfigChanged():
            return _config_changed(event)
        case Reloaded():
            return _reloaded(event, pid)
        case ReloadRefused():
            return _reload_refused(event, pid)
        case Stopping(signal):
            text = f"Linux Director Daemon terminated on signal: {signal}"
            return [Line(Level.INFO, "stopped", text, {"signal": signal})]
        case _:
            return upkeep_lines(event)


def faulted(real: RealKey, outcome: Outcome) -> Line:
    """Return the line for a check that we could not carry out."""
    text = f"Real server {real} could not be checked, through a fault of ours; it stays as it is: {outcome.detail}"
    return Line(
        Level.ERROR, "check_faulted", text, {**names_of(real), "reason": outcome.reason.value, "detail": outcome.detail}
    )


def _fault_lasts(event: FaultLasts) -> Line:
    what = "it counts as down, as faultdown says" if event.down else "it stays as it is"
    unchecked = f"Real server {event.real} could not be checked for {event.seconds:.0f} s, through a fault of ours"
    fields: dict[str, Field] = {
        **names_of(event.real),
        "reason": event.outcome.reason.value,
        "detail": event.outcome.detail,
        "seconds": round(event.seconds, 6),
    }
    return Line(Level.ERROR, "fault_lasts", f"{unchecked}; {what}: {event.outcome.detail}", fields)


def fault_over(real: RealKey) -> Line:
    """Return the line for a check that can be carried out again."""
    return Line(Level.INFO, "check_recovered", f"Real server {real} can be checked again", names_of(real))


def _checked(real: RealKey, event: CheckDone) -> Line:
    outcome = event.outcome
    detail = f": {outcome.detail}" if outcome.detail else ""
    text = f"Checked real server {real} in {event.seconds * 1000:.1f} ms: {outcome.verdict}{detail}"
    fields: dict[str, Field] = {
        **names_of(real),
        "verdict": outcome.verdict.value,
        "reason": outcome.reason.value,
        "detail": outcome.detail,
        "seconds": round(event.seconds, 6),
        "lateness": round(event.lateness, 6),
    }
    return Line(Level.DEBUG, "real_checked", text, fields)


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


def _health_changed(event: HealthChanged) -> list[Line]:
    before, after, names = event.before, event.after, names_of(event.real)
    why = after.detail or (after.reason.value if after.state is State.DOWN else "")
    fields: dict[str, Field] = {
        **names,
        "before": before.state.value,
        "reason": after.reason.value,
        "detail": after.detail,
        "failures": after.failures,
    }
    told = []
    if after.state is State.UP and before.failures:
        text = f"Resetting soft failure count: {event.real}"
        told.append(Line(Level.INFO, "soft_failures_reset", text, names))
    if before.state is not after.state:
        text = f"Real server {event.real} {_STATE_WORDS[after.state]}{f': {why}' if why else ''}"
        told.append(Line(_level(before.state, after.state), f"real_{after.state}", text, fields))
    return told


def _soft_failure(event: SoftFailure) -> Line:
    health = event.health
    text = f"Soft failure real server: {event.real} failure {health.failures}/{event.failurecount}"
    fields: dict[str, Field] = {
        **names_of(event.real),
        "reason": health.reason.value,
        "detail": health.detail,
        "failures": health.failures,
        "failurecount": event.failurecount,
    }
    return Line(Level.INFO, "real_failed_softly", text, fields)


def _certificate_seen(real: RealKey, event: CertificateSeen) -> Line:
    text = f"Real server {real} shows a certificate that is valid until {date(event.expires)}"
    return Line(Level.DEBUG, "certificate_seen", text, {**names_of(real), "expires": event.expires})


def _certificate_expiring(event: CertificateExpiring) -> Line:
    when = f"expired {span(event.left)} ago" if event.left < 0 else f"expires in {span(event.left)}"
    text = f"The certificate of real server {event.real} {when}, on {date(event.expires)}"
    fields: dict[str, Field] = {**names_of(event.real), "expires": event.expires, "left": round(event.left)}
    return Line(Level.WARNING, "certificate_expiring", text, fields)


def _fallback_changed(event: FallbackChanged) -> Line:
    if event.active:
        level, name = Level.WARNING, "fallback_activated"
        text = f"No real server of {event.virtual} serves: it falls back"
    else:
        level, name = Level.INFO, "fallback_released"
        text = f"A real server of {event.virtual} serves again: no fallback any more"
    return Line(level, name, text, {"virtual": str(event.virtual)})


def _table_changed(event: TableChanged) -> Line:
    fields = _change_fields(event.change, event.cause)
    if event.fallback:
        fields["fallback"] = True
    return Line(Level.DEBUG if event.again else Level.INFO, "table_changed", change_message(event), fields)


def change_message(event: TableChanged) -> str:
    """Return the original's message for *event*, such as `Added real server: RS (VS) (Weight set to 3)`."""
    change = event.change
    virtual = change.virtual.label
    when = "stop" if event.cause is Cause.STOP else "start"
    kind = "fallback" if event.fallback else "real"
    match change:
        case AddService():
            return f"Added virtual server: {virtual}"
        case SetService():
            return f"Changed virtual server: {virtual}"
        case RemoveService():
            return f"Purged virtual server ({when}): {virtual}"
        case AddDestination(_, real, destination) | SetDestination(_, real, destination):
            word = _entered(change, fallback=event.fallback)
            return f"{word} {kind} server: {real} ({virtual}) (Weight set to {destination.weight})"
        case RemoveDestination(_, real):
            purged = event.cause in {Cause.START, Cause.RELOAD, Cause.STOP} and not event.fallback
            return f"{f'Purged real server ({when})' if purged else f'Deleted {kind} server'}: {real} ({virtual})"
        case _:
            assert_never(change)


def _entered(change: AddDestination | SetDestination, *, fallback: bool) -> str:
    quiescent = change.destination.weight == 0 and not fallback
    if isinstance(change, AddDestination):
        return "Readd Quiescent" if quiescent else "Added"
    return "Quiescent" if quiescent else "Restored"


def _change_fields(change: Change, cause: Cause) -> dict[str, Field]:
    fields: dict[str, Field] = {"change": CHANGE_WORDS[type(change)], "cause": cause.value}
    fields["virtual"] = str(change.virtual)
    if isinstance(change, AddDestination | SetDestination):
        fields |= {
            "real": str(change.real),
            "weight": change.destination.weight,
            "forwarding": change.destination.forwarding.value,
        }
    elif isinstance(change, RemoveDestination):
        fields["real"] = str(change.real)
    return fields


def _change_refused(event: ChangeRefused) -> Line:
    change, refusal = event.refusal.change, event.refusal
    deed = CHANGE_WORDS[type(change)].partition("_")[0]
    if isinstance(change, AddDestination | SetDestination | RemoveDestination):
        whom = f"real server {change.real} ({change.virtual})"
    else:
        whom = f"virtual server {change.virtual}"
    text = f"The IPVS table refused to {deed} {whom}: {refusal.sentence}"
    fields = _change_fields(change, event.cause)
    return Line(Level.ERROR, "change_refused", text, {**fields, "errno": refusal.errno, "sentence": refusal.sentence})


def _drift_found(event: DriftFound) -> Line:
    fields: dict[str, Field] = {"kind": event.kind.value, **_place(event.virtual, event.real)}
    text = f"The IPVS table is not as it was left: {_whom(event.virtual, event.real)}: {event.sentence}"
    level = Level.DEBUG if event.again else Level.WARNING
    return Line(level, "drift_found", text, {**fields, "sentence": event.sentence})


def _drift_recurs(event: DriftRecurs) -> Line:
    who = ", ".join(event.suspects) or "nobody known: look for scripts that call ipvsadm"
    text = (
        f"Something else keeps changing the IPVS table back, in {event.places} places, such as"
        f" {_whom(event.virtual, event.real)}; stop one of the two; it may be: {who}. Until it rests, drift is not"
        " logged any more."
    )
    fields = {**_place(event.virtual, event.real), "places": event.places, "suspects": list(event.suspects)}
    return Line(Level.ERROR, "drift_recurs", text, fields)


def _diverged(event: Diverged) -> Line:
    deed = CHANGE_WORDS[type(event.change)].partition("_")[0]
    text = f"Shadow: would {deed} {_whom(event.virtual, event.real)}: {event.sentence}"
    fields = {**_place(event.virtual, event.real), "change": CHANGE_WORDS[type(event.change)]}
    return Line(Level.WARNING, "diverged", text, {**fields, "sentence": event.sentence})


def _agreed(event: Agreed) -> Line:
    text = f"Shadow: the table agrees again on {_whom(event.virtual, event.real)}, after {event.seconds:.1f} s"
    return Line(Level.INFO, "agreed", text, {**_place(event.virtual, event.real), "seconds": round(event.seconds, 6)})


def _whom(virtual: VirtualKey, real: RealKey | None) -> str:
    return f"virtual server {virtual}" if real is None else f"real server {real}"


def _place(virtual: VirtualKey, real: RealKey | None) -> dict[str, Field]:
    return {"virtual": str(virtual)} if real is None else names_of(real)


def _config_changed(event: ConfigChanged) -> list[Line]:
    what = "reread" if event.reread else "ignore"
    fields: dict[str, Field] = {"path": event.path, "reread": event.reread}
    return [
        Line(Level.INFO, "config_changed", f"Configuration file '{event.path}' has changed on disk", fields),
        Line(Level.INFO, "config_reread" if event.reread else "config_ignored", f" - {what} new configuration", fields),
    ]


def _reloaded(event: Reloaded, pid: int) -> list[Line]:
    text = f"Configuration file '{event.path}' is in force"
    return [
        *(problem_line(problem, pid) for problem in event.warnings),
        Line(Level.INFO, "reloaded", text, {"path": event.path, "warnings": len(event.warnings)}),
    ]


def _reload_refused(event: ReloadRefused, pid: int) -> list[Line]:
    text = f"Configuration file '{event.path}' is refused, the one in force stays; correct what is named above"
    return [
        *(problem_line(problem, pid) for problem in event.problems),
        Line(Level.ERROR, "reload_refused", text, {"path": event.path, "problems": len(event.problems)}),
    ]


def problem_line(problem: Problem, pid: int) -> Line:
    """Return the line for one finding, in the original's shape."""
    place = f" reading file {problem.path} at line {problem.line}" if problem.line else ""
    level = Level.ERROR if problem.severity is Severity.ERROR else Level.WARNING
    text = f"{level.value.capitalize()} [{pid}]{place}: {problem.text}"
    fields: dict[str, Field] = {"path": problem.path, "line": problem.line, "text": problem.text}
    return Line(level, "config_problem_found", text, fields, original=True)
