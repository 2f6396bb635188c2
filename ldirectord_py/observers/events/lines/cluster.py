"""What the log says of the director's place among others."""

from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.events import RoleChanged, RoleUnclear
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.observers.events.log_line import Level, LogLine

_STANDBY = ": its table is kept warm; mails, fallbackcommand and callback are held"


def role_changed(event: RoleChanged) -> list[LogLine]:
    """Return the line for a director that has become active, or standby."""
    before = f", and no longer {event.before}" if event.before is not None else ""
    what = _STANDBY if event.after is Role.STANDBY else ""
    sentence = f"The director is {event.after} now{before}, as {printable(event.source)} says{what}"
    return [
        LogLine(
            Level.INFO,
            "role_changed",
            sentence,
            {"role": event.after.value, "before": event.before.value if event.before else None, "source": event.source},
        )
    ]


def role_unclear(event: RoleUnclear) -> list[LogLine]:
    """Return the line for a source that says no role."""
    sentence = f"The role stays {event.role}: {event.sentence}"
    return [LogLine(Level.WARNING, "role_unclear", sentence, {"role": event.role.value, "source": event.source})]
