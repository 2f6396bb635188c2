"""What the log says of maintenance, of who serves at all, and of the operator's own programs and files."""

from ldirectord_py.model.events import (
    FallbackChanged,
    HookDone,
    InitialChecksDone,
    MaintenanceChanged,
    MaintenanceUnclear,
    MonitorFileBack,
    MonitorFileFailed,
    ServingChanged,
    SideJobBack,
    SideJobFailed,
)
from ldirectord_py.model.mails import MailEvent
from ldirectord_py.observers.logging.line import Field, Level, LogLine, names_of
from ldirectord_py.observers.logging.lines.mail import mail_lines

UpkeepEvent = (
    ServingChanged
    | InitialChecksDone
    | MaintenanceChanged
    | MaintenanceUnclear
    | HookDone
    | MonitorFileFailed
    | MonitorFileBack
    | SideJobFailed
    | SideJobBack
    | MailEvent
)


def upkeep_lines(event: UpkeepEvent) -> list[LogLine]:  # noqa: PLR0911 -- one arm per kind of event
    """Return what is to be logged of *event*, in order."""
    match event:
        case ServingChanged():
            return _serving_changed(event)
        case MaintenanceChanged():
            return [_maintenance_changed(event)]
        case MaintenanceUnclear(sentence):
            return [LogLine(Level.WARNING, "maintenance_unclear", sentence)]
        case HookDone():
            return [_hook_done(event)]
        case MonitorFileFailed(path, count, sentence, first):
            text = f"Nothing can be written to the monitorfile {path}: {sentence}"
            fields: dict[str, Field] = {"path": path, "lines": count}
            return [LogLine(Level.ERROR, "monitorfile_failed", text, fields)] if first else []
        case MonitorFileBack(path, lost):
            text = f"The monitorfile {path} can be written again; {lost} lines are missing in it"
            return [LogLine(Level.INFO, "monitorfile_back", text, {"path": path, "lost": lost})]
        case SideJobFailed(job, cost, sentence):
            text = f"{job} failed and is tried again; checks go on, but meanwhile {cost}: {sentence}"
            return [LogLine(Level.ERROR, "side_job_failed", text, {"job": job, "sentence": sentence})]
        case SideJobBack(job):
            return [LogLine(Level.INFO, "side_job_back", f"{job} is done again", {"job": job})]
        case InitialChecksDone():
            return []  # what came of it has been told
        case _:
            return mail_lines(event)


def fallback_changed(event: FallbackChanged) -> LogLine:
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
    return LogLine(level, name, text, {"virtual": str(event.virtual), "fallback": fallback})


def _serving_changed(event: ServingChanged) -> list[LogLine]:
    # Of a virtual with a fallback, that comes in or goes: another line says so.  One that serves from the start is
    # how things should be.
    if event.fallback or (event.serving and event.first):
        return []
    fields: dict[str, Field] = {"virtual": str(event.virtual)}
    if event.serving:
        return [LogLine(Level.INFO, "virtual_served", f"A real server of {event.virtual} serves again", fields)]
    text = f"No real server of {event.virtual} serves, and it has no fallback"
    return [LogLine(Level.ERROR, "virtual_unserved", text, fields)]


def _maintenance_changed(event: MaintenanceChanged) -> LogLine:
    fields: dict[str, Field] = {**names_of(event.real), "file": event.by}
    if event.active:
        text = f"Real server {event.real} is in maintenance: there is a file '{event.by}'"
        return LogLine(Level.INFO, "maintenance_begun", text, fields)
    text = f"Real server {event.real} is no longer in maintenance"
    return LogLine(Level.INFO, "maintenance_ended", text, fields)


def _hook_done(event: HookDone) -> LogLine:
    fields: dict[str, Field] = {
        "directive": event.directive,
        "command": event.command,
        "seconds": round(event.seconds, 6),
    }
    if event.failure:
        text = f"{event.directive}: '{event.command}': {event.failure}"
        return LogLine(Level.ERROR, "hook_failed", text, {**fields, "failure": event.failure})
    text = f"{event.directive}: '{event.command}' has run, in {event.seconds:.1f} s"
    return LogLine(Level.INFO, "hook_done", text, fields)
