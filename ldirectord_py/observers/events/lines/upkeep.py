"""What the log says of maintenance, of who serves at all, and of the operator's own programs and files."""

from ldirectord_py.model.events import (
    FallbackChanged,
    HookDone,
    MaintenanceChanged,
    MonitorFileFailed,
    ServingChanged,
)
from ldirectord_py.observers.events.log_line import Field, Level, LogLine, names_of


def fallback_changed(event: FallbackChanged) -> list[LogLine]:
    """Return the line for a fallback that came in or went out."""
    if event.active:
        level, name = Level.WARNING, "fallback_activated"
        text = f"No real server of {event.virtual} serves: it falls back to {event.fallback}"
    elif event.fallback is None:
        level, name = Level.INFO, "fallback_released"
        text = f"{event.virtual} has no fallback in the configuration any more: what stood in goes out"
    else:
        level, name = Level.INFO, "fallback_released"
        text = f"A real server of {event.virtual} serves again: the fallback {event.fallback} goes out"
    fallback = str(event.fallback) if event.fallback else None
    return [LogLine(level, name, text, {"virtual": str(event.virtual), "fallback": fallback})]


def serving_changed(event: ServingChanged) -> list[LogLine]:
    """Return the line for a virtual that nobody serves, or somebody again."""
    # Of a virtual with a fallback, that comes in or goes: another line says so.  One that serves from the start is
    # how things should be.
    if event.fallback or (event.serving and event.first):
        return []
    fields: dict[str, Field] = {"virtual": str(event.virtual)}
    if event.serving:
        return [LogLine(Level.INFO, "virtual_served", f"A real server of {event.virtual} serves again", fields)]
    text = f"No real server of {event.virtual} serves, and it has no fallback"
    return [LogLine(Level.ERROR, "virtual_unserved", text, fields)]


def maintenance_changed(event: MaintenanceChanged) -> list[LogLine]:
    """Return the line for a server that goes into maintenance, or comes out of it."""
    fields: dict[str, Field] = {**names_of(event.real), "file": event.by}
    if event.active:
        text = f"Real server {event.real} is in maintenance: there is a file '{event.by}'"
        return [LogLine(Level.INFO, "maintenance_begun", text, fields)]
    text = f"Real server {event.real} is no longer in maintenance"
    return [LogLine(Level.INFO, "maintenance_ended", text, fields)]


def hook_done(event: HookDone) -> list[LogLine]:
    """Return the line for a program that was run."""
    fields: dict[str, Field] = {
        "directive": event.directive,
        "command": event.command,
        "seconds": round(event.seconds, 6),
    }
    if event.failure:
        text = f"{event.directive}: '{event.command}': {event.failure}"
        return [LogLine(Level.ERROR, "hook_failed", text, {**fields, "failure": event.failure})]
    text = f"{event.directive}: '{event.command}' has run, in {event.seconds:.1f} s"
    return [LogLine(Level.INFO, "hook_done", text, fields)]


def monitorfile_failed(event: MonitorFileFailed) -> list[LogLine]:
    """Return the line for a monitorfile that cannot be written, once until it can be."""
    if not event.first:
        return []
    text = f"Nothing can be written to the monitorfile {event.path}: {event.sentence}"
    return [LogLine(Level.ERROR, "monitorfile_failed", text, {"path": event.path, "lines": event.lines})]
