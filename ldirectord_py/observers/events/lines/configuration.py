"""What the log says of the configuration."""

import os

from ldirectord_py.model.events import ConfigChanged, Reloaded, ReloadRefused
from ldirectord_py.model.problems import Problem, Severity
from ldirectord_py.observers.events.log_line import Field, Level, LogLine


def config_changed(event: ConfigChanged) -> list[LogLine]:
    """Return the lines for a file that has changed on disk."""
    what = "reread" if event.reread else "ignore"
    fields: dict[str, Field] = {"path": event.path, "reread": event.reread}
    return [
        LogLine(Level.INFO, "config_changed", f"Configuration file '{event.path}' has changed on disk", fields),
        LogLine(
            Level.INFO, "config_reread" if event.reread else "config_ignored", f" - {what} new configuration", fields
        ),
    ]


def reloaded(event: Reloaded) -> list[LogLine]:
    """Return the lines for a configuration that is in force now."""
    text = f"Configuration file '{event.path}' is in force"
    return [
        *(_problem_line(problem) for problem in event.warnings),
        LogLine(Level.INFO, "reloaded", text, {"path": event.path, "warnings": len(event.warnings)}),
    ]


def reload_refused(event: ReloadRefused) -> list[LogLine]:
    """Return the lines for a configuration that was refused."""
    text = f"Configuration file '{event.path}' is refused, the one in force stays; correct what is named above"
    return [
        *(_problem_line(problem) for problem in event.problems),
        LogLine(Level.ERROR, "reload_refused", text, {"path": event.path, "problems": len(event.problems)}),
    ]


def _problem_line(problem: Problem) -> LogLine:
    """Return the line for one finding, in the original's shape."""
    place = f" reading file {problem.path} at line {problem.line}" if problem.line else ""
    level = Level.ERROR if problem.severity is Severity.ERROR else Level.WARNING
    text = f"{level.value.capitalize()} [{os.getpid()}]{place}: {problem.text}"
    fields: dict[str, Field] = {"path": problem.path, "line": problem.line, "text": problem.text}
    return LogLine(level, "config_problem_found", text, fields, original=True)
