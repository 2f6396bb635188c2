"""What the log says of operators' commands."""

from typing import assert_never

from ldirectord_py.model.commands import AdminKind, AdminState
from ldirectord_py.model.events import AdminCause, AdminChanged
from ldirectord_py.model.text.moments import date
from ldirectord_py.observers.events.log_line import Field, Level, LogLine, names_of


def admin_changed(event: AdminChanged) -> list[LogLine]:
    """Return the line for a command that came in force for a server, or is in force no longer."""
    state = event.after or event.before
    fields: dict[str, Field] = {
        **names_of(event.real),
        "cause": event.cause.value,
        "admin": event.after.kind.value if event.after else None,
        "before": event.before.kind.value if event.before else None,
        "by": event.by or (state.by if state else ""),
        "reason": event.reason or (event.after.reason if event.after else ""),
        "weight": event.after.weight if event.after else None,
        "until": event.after.until if event.after else None,
        "scope": state.scope if state else "",
    }
    level = Level.WARNING if event.cause is AdminCause.DROPPED else Level.INFO
    return [LogLine(level, "admin_changed", _sentence(event), fields)]


def _sentence(event: AdminChanged) -> str:
    if event.after is not None:
        again = "still " if event.cause is AdminCause.RESTORED else ""
        replaced = f"; before it was {_words(event.before)}" if event.before is not None else ""
        return f"Real server {event.real} is {again}{_words(event.after)}{replaced}"
    before = f"; it was {_words(event.before)}" if event.before is not None else ""
    match event.cause:
        case AdminCause.EXPIRED:
            return f"Real server {event.real} is enabled: the time of the command is over{before}"
        case AdminCause.DROPPED:
            return f"Real server {event.real} has gone with the reload, and with it the command of an operator{before}"
        case AdminCause.RELOADED:
            return f"Real server {event.real} has its configured weight with the reload{before}"
        case AdminCause.COMMAND | AdminCause.TABLE | AdminCause.RESTORED:
            reason = f": {event.reason}" if event.reason else ""
            return f"Real server {event.real} is enabled by {event.by}{reason}{before}"
        case _:
            assert_never(event.cause)


def _words(admin: AdminState) -> str:
    until = f", until {date(admin.until)}" if admin.until is not None else ""
    reason = f": {admin.reason}" if admin.reason else ""
    return f"{_VERBS[admin.kind].format(admin)} by {admin.by}{until}{reason}"


_VERBS = {
    AdminKind.DRAIN: "drained",
    AdminKind.MAINTENANCE: "in maintenance",
    AdminKind.WEIGHT: "given weight {0.weight}",
}
