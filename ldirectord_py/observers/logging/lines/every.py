"""What the log says of each event.

What the original logs too is worded as the original words it, because people's log watchers wait for it.
"""

from collections.abc import Iterable

from ldirectord_py.model.events import (
    Agreed,
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
from ldirectord_py.observers.logging.line import Level, LogLine
from ldirectord_py.observers.logging.lines import checks, configuration, table, upkeep


def lines(event: Event, pid: int) -> Iterable[LogLine]:  # noqa: C901, PLR0911, PLR0912 -- one arm per kind of event
    """Return what is to be logged of *event*, in order; *pid* is ours, named where the original names it."""
    match event:
        case CheckDone():
            return [checks.checked(real, event) for real in event.reals]
        case HealthChanged():
            return checks.health_changed(event)
        case SoftFailure():
            return [checks.soft_failure(event)]
        case FaultLasts():
            return [checks.fault_lasts(event)]
        case CertificateSeen():
            return [checks.certificate_seen(real, event) for real in event.reals]
        case CertificateExpiring():
            return [checks.certificate_expiring(event)]
        case FallbackChanged():
            return [upkeep.fallback_changed(event)]
        case TableChanged():
            return [table.table_changed(event)]
        case ChangeRefused():
            return [table.change_refused(event)]
        case DriftFound():
            return [table.drift_found(event)]
        case DriftRecurs():
            return [table.drift_recurs(event)]
        case Diverged():
            return [table.diverged(event)]
        case Agreed():
            return [table.agreed(event)]
        case TableLost(sentence):
            text = f"{sentence} Checks go on, and what they find is written as soon as the IPVS table can be reached."
            return [LogLine(Level.ERROR, "table_lost", text, {"sentence": sentence})]
        case TableBack():
            return [LogLine(Level.INFO, "table_back", "The IPVS table can be reached again")]
        case Started(virtuals, reals):
            text = f"Watching {reals} real servers of {virtuals} virtual servers"
            return [LogLine(Level.INFO, "started", text, {"virtuals": virtuals, "reals": reals})]
        case FirstPassComplete(seconds):
            text = f"Every real server has been checked once, within {seconds:.1f} seconds"
            return [LogLine(Level.INFO, "first_pass_completed", text, {"seconds": round(seconds, 6)})]
        case ConfigChanged():
            return configuration.config_changed(event)
        case Reloaded():
            return configuration.reloaded(event, pid)
        case ReloadRefused():
            return configuration.reload_refused(event, pid)
        case Stopping(signal):
            text = f"Linux Director Daemon terminated on signal: {signal}"
            return [LogLine(Level.INFO, "stopped", text, {"signal": signal})]
        case _:
            return upkeep.upkeep_lines(event)
