"""What the log says of the director's place among others."""

from collections.abc import Mapping

from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon
from ldirectord_py.model.events import RoleChanged, RoleUnclear, SyncRefused, SyncStarted, SyncStopped
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.observers.events.log_line import Field, Level, LogLine

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


def sync_started(event: SyncStarted) -> list[LogLine]:
    """Return the line for a sync daemon that runs."""
    already = " already" if event.found else ""
    sentence = f"The kernel's sync daemon runs{already}: {event.daemon}"
    return [LogLine(Level.INFO, "sync_started", sentence, _fields(event.daemon))]


def sync_stopped(event: SyncStopped) -> list[LogLine]:
    """Return the line for a sync daemon that was ended."""
    return [
        LogLine(
            Level.INFO, "sync_stopped", f"The kernel's sync daemon was ended: {event.daemon}", _fields(event.daemon)
        )
    ]


def sync_refused(event: SyncRefused) -> list[LogLine]:
    """Return the line for a sync daemon that does not run."""
    sentence = f"After a takeover connections will be lost: {event.sentence}"
    return [LogLine(Level.WARNING, "sync_refused", sentence, {**_fields(event.daemon), "sentence": event.sentence})]


def _fields(daemon: SyncDaemon) -> Mapping[str, Field]:
    return {"sync": daemon.role.value, "device": daemon.device, "sync_id": daemon.sync_id}
